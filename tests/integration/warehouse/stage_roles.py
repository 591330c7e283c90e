"""What a role may do in a warehouse, asked of the warehouse itself."""

import psycopg

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

STAGES = ("oic_landing", "oic_transform", "oic_gate", "oic_publish")
DENIED = psycopg.errors.InsufficientPrivilege


def may(settings: Settings, role: str, statement: str) -> bool:
    """Tell whether a role may run a statement; what it did is undone."""
    with connect(settings, role=role) as connection:
        try:
            connection.execute(statement.encode())
        except DENIED:
            return False
        finally:
            connection.rollback()
    return True


def run_as(settings: Settings, role: str, *statements: str) -> None:
    with connect(settings, role=role) as connection:
        for statement in statements:
            connection.execute(statement.encode())
