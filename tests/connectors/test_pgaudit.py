"""On a server with `pgaudit`, the log names what a statement without a plan has read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from oic_assurance.operations.audit.collect import VARIABLE, collect
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.hardening.close import needed_statements
from oic_assurance.warehouse.migrate import migrate
from tests.connectors.pgbackrest_server import PASSWORD, Server, started
from tests.integration.operations.test_audit_collect import (
    HIDDEN,
    UNKNOWN_READS,
    fetch_from_a_bound_portal,
    looks,
    send,
)
from tests.integration.warehouse.stage_roles import run_as

pytestmark = pytest.mark.slow

LOGIN = "analyst"
#: What docs/how-to/verify.md asks of an administrator.
AS_DOCUMENTED = {
    "shared_preload_libraries": "auto_explain,pgaudit",
    "logging_collector": "on",
    "log_destination": "jsonlog",
    "log_connections": "on",
    "log_min_messages": "log",
    "log_timezone": "UTC",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started() as server:
        with server.session("postgres") as superuser:
            for name, value in AS_DOCUMENTED.items():
                # PostgreSQL takes a list of modules without quotes.
                shown = value if "," in value else f"'{value}'"
                superuser.execute(f"alter system set {name} = {shown}".encode())
        server.stop()
        server.start()
        server.create_warehouse()
        yield server


@pytest.fixture(scope="module")
def marts(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A warehouse on the server, with a mart and a person who may read it."""
    settings = replace(load_settings(), home=tmp_path_factory.mktemp("force") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", server.url("warehouse_owner", "warehouse"))
        patch.setenv("AIRFLOW_CONN_WAREHOUSE_ADMIN", server.url("postgres", "warehouse"))
        patch.setenv(VARIABLE, str(server.data / "log"))
        migrate(settings)
        run_as(
            settings,
            "oic_publish",
            "create table marts.dim_officer (officer_key text, rank_grade text)",
            "insert into marts.dim_officer values ('k1', '1'), ('k2', '2')",
        )
        with server.session() as superuser:
            superuser.execute(
                f"create role {LOGIN} login password '{PASSWORD}' in role bi_reader".encode()
            )
            superuser.execute(f"grant connect on database warehouse to {LOGIN}".encode())
            superuser.execute(
                f"alter role {LOGIN} in database warehouse set search_path = marts".encode()
            )
        yield settings


@contextmanager
def reading(server: Server, settings: Settings) -> Iterator[tuple[psycopg.Connection, set[str]]]:
    """Yield a session of the person, and a set that gets the marts which the log says they read."""
    read: set[str] = set()
    before = len(looks(settings, LOGIN))
    with psycopg.connect(server.url(LOGIN, "warehouse"), autocommit=True) as reader:
        yield reader, read
    read.update(*(names for _, names in looks(settings, LOGIN)[before:]))


def test_the_server_is_set_up_as_the_page_says(marts: Settings) -> None:
    with connect(marts) as owner:
        assert not [one for one in needed_statements(owner) if "log" in one.statement]
    assert collect(marts).notes == []


#: Statements without a plan, or without the name of the mart. The last way reads no mart.
WAYS = {**HIDDEN, **UNKNOWN_READS}


@pytest.mark.parametrize("way", WAYS)
def test_a_mart_is_named_however_it_is_read(server: Server, marts: Settings, way: str) -> None:
    with reading(server, marts) as (reader, read):
        for statement in WAYS[way]:
            send(reader, statement)
    assert ("dim_officer" in read) == ("officer" in str(WAYS[way]))


@pytest.mark.parametrize("end", ["rollback", "commit"])
def test_a_portal_that_is_fetched_by_name_is_named(
    server: Server, marts: Settings, end: str
) -> None:
    with reading(server, marts) as (reader, read):
        fetch_from_a_bound_portal(reader, end)
    assert "dim_officer" in read


def test_the_log_cannot_be_switched_off(server: Server, marts: Settings) -> None:
    with reading(server, marts) as (reader, read):
        for attempt in ("set pgaudit.log = 'none'", "set pgaudit.log_relation = off"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(attempt.encode())
        send(reader, "copy dim_officer to stdout")
    assert read == {"dim_officer"}
