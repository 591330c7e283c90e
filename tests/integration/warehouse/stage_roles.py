"""Run statements under the roles of the warehouse, and make warehouses of earlier versions."""

from unittest.mock import patch

import psycopg

from oic_assurance.settings import Settings
from oic_assurance.warehouse import migrate as migrating
from oic_assurance.warehouse.connections import connect

STAGES = ("oic_landing", "oic_transform", "oic_gate", "oic_publish")
DENIED = psycopg.errors.InsufficientPrivilege


def may(settings: Settings, role: str | None, statement: str) -> bool:
    """Return whether a role may run a statement. The statement's effect is rolled back."""
    with connect(settings, role=role) as connection:
        try:
            connection.execute(statement.encode())
        except DENIED:
            return False
        finally:
            connection.rollback()
    return True


def run_as(settings: Settings, role: str, *statements: str) -> None:
    """Run statements under a role and commit them."""
    with connect(settings, role=role) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def migrate_before(settings: Settings, name: str) -> None:
    """Migrate an empty warehouse to the state before the migration whose file ends with `name`."""
    known = migrating.known_migrations()
    (place,) = [place for place, one in enumerate(known) if one.name.endswith(name)]
    with patch.object(migrating, "known_migrations", lambda: known[:place]):
        migrating.migrate(settings)
