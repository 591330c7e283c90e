"""What a session begins with is the same on every server, and is set back if somebody alters it."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from oic_assurance.operations.doctor.warehouse import measure_logins
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, url
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.roles import LOGIN_ROLES
from oic_assurance.warehouse.rows import one_value
from tests.databases import used_as_warehouse
from tests.own_server import own_server

TUNED = {
    "jit": "off",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
}
ALTERED = (
    "alter database warehouse set jit = on",
    "alter database warehouse reset random_page_cost",
    "alter role oic_transform set work_mem = '1MB'",
    "alter role oic_gate in database warehouse set jit = on",
)
TOLD = {
    "database": "jit on instead of off",
    "oic_transform": "work_mem 1MB instead of 32MB",
    "oic_gate": "jit on instead of off",
}


class OwnServer(NamedTuple):
    settings: Settings
    superuser: str

    def administrate(self, *statements: str) -> None:
        with psycopg.connect(self.superuser, autocommit=True) as session:
            for statement in statements:
                session.execute(statement.encode())


@pytest.fixture
def own(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnServer]:
    """A server with PostgreSQL's own defaults, whose warehouse is empty."""
    with own_server(settings, tmp_path) as (owner, superuser), used_as_warehouse(owner):
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE_ADMIN", superuser)
        yield OwnServer(settings, superuser)


def begins(session: psycopg.Connection) -> dict[str, str]:
    with session:
        return {
            name: str(one_value(session, "select current_setting(%s)", (name,))) for name in TUNED
        }


def check_stages(settings: Settings) -> None:
    for login in (None, *LOGIN_ROLES):
        assert begins(connect(settings, role=login)) == TUNED, login


def check_sessions(settings: Settings) -> None:
    check_stages(settings)
    # The limit of readers.
    assert begins(psycopg.connect(url(settings, "bi"))) == {**TUNED, "work_mem": "8MB"}


def told(settings: Settings) -> dict[str, str]:
    """Return what `doctor` says of each altered login, without the words before it."""
    found = [one for one in measure_logins(settings) if one.code == "logins"]
    return {one.subject: one.what.rpartition(": ")[2] for one in found}


def test_sessions_begin_alike_on_the_embedded_server(warehouse: Settings) -> None:
    check_sessions(warehouse)


def test_sessions_begin_alike_on_a_server_of_ones_own(own: OwnServer) -> None:
    migrate(own.settings)
    check_sessions(own.settings)
    assert told(own.settings) == {}
    # What an administrator alters is found, set back, and told after it was set back.
    own.administrate(*ALTERED)
    assert told(own.settings) == TOLD
    migrate(own.settings)
    check_sessions(own.settings)
    assert told(own.settings) == TOLD


def test_an_owner_tunes_what_no_administrator_has_hardened(
    own: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with managed PostgreSQL, which has no superuser."""
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE_ADMIN")
    monkeypatch.setenv("ASSURANCE_ACCEPT_UNHARDENED", "yes")
    migrate(own.settings)
    check_stages(own.settings)
