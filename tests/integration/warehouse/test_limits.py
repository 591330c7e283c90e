"""Readers have limits that they cannot lift, and connections are reserved for the stages."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.builds import marts, record, runs
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.operations.access import give, look_around
from oic_assurance.operations.doctor.warehouse import measure_logins, measure_readers
from oic_assurance.publishing.publish import publish
from oic_assurance.settings import Settings
from oic_assurance.warehouse import connections
from oic_assurance.warehouse.connections import connect, url
from oic_assurance.warehouse.hardening import close as hardening
from oic_assurance.warehouse.limits import end_overdue
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.rows import one_value
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.publishing.limited_readers import drop_logins
from tests.integration.warehouse.stage_roles import ATTACKS, DENIED, STAGES

#: The first statements of a hostile reader, which lift every limit that a session can lift.
LIFTED = (
    "set default_transaction_read_only = off",
    "set statement_timeout = 0",
    "set idle_in_transaction_session_timeout = 0",
    "set idle_session_timeout = 0",
    "set work_mem = '1GB'",
)
BUSY = "select count(*) from generate_series(1, 100000) as a, generate_series(1, 100000) as b"


@pytest.fixture
def reader(warehouse: Settings) -> Iterator[psycopg.Connection]:
    with hostile(warehouse) as connection:
        yield connection


@contextlib.contextmanager
def hostile(settings: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url(settings, "bi"), autocommit=True) as connection:
        for statement in LIFTED:
            connection.execute(statement.encode())
        yield connection


def ended(settings: Settings) -> list[tuple[str, str]]:
    return ask(settings, "select login, because from limits.ended_session", login=None)


@pytest.fixture(autouse=True)
def nobody_was_ended(warehouse: Settings) -> None:
    ask(warehouse, "delete from limits.ended_session")


@contextlib.contextmanager
def limit_of(settings: Settings, name: str, value: str) -> Iterator[None]:
    """Set a limit during the block."""
    change = "update limits.setting set setting = %s where name = %s"
    find = "select setting from limits.setting where name = %s"
    with connect(settings, autocommit=True) as connection:
        before = one_value(connection, find, (name,))
        connection.execute(change, (value, name))
        try:
            yield
        finally:
            connection.execute(change, (before, name))


def test_each_reader_has_limits_and_the_owner_has_none(warehouse: Settings) -> None:
    ask(warehouse, "drop role if exists office_of_a_test")
    try:
        give(warehouse, "office_of_a_test", (), "a test")
        found = ask(
            warehouse,
            "select rolname, rolconnlimit, rolconfig from pg_roles "
            "where rolname in ('bi_reader', 'office_of_a_test', 'warehouse_owner') order by 1",
        )
    finally:
        ask(warehouse, "drop owned by office_of_a_test; drop role office_of_a_test")
    assert [limit for _, limit, _ in found] == [16, 4, -1]
    for _, _, configuration in found[:2]:
        names = {one.partition("=")[0] for one in configuration}
        assert names >= {
            "statement_timeout",
            "transaction_timeout",
            "idle_in_transaction_session_timeout",
            "idle_session_timeout",
            "temp_file_limit",
            "work_mem",
        }


def open_many(open_ones: contextlib.ExitStack, settings: Settings) -> str:
    """Open a reader's sessions until one is refused. Return the server's reason."""
    for _ in range(97):
        try:
            open_ones.enter_context(psycopg.connect(url(settings, "bi")))
        except psycopg.OperationalError as error:
            return str(error)
    return ""


def test_a_reader_cannot_shut_a_stage_out(warehouse: Settings) -> None:
    """A reader cannot take the stages' connections, even without a limit on its sessions."""
    with contextlib.ExitStack() as open_ones:
        refused = open_many(open_ones, warehouse)
    assert "too many connections for role" in refused
    ask(warehouse, "alter role bi_reader connection limit 1000")
    try:
        with contextlib.ExitStack() as open_ones:
            assert "reserved for roles" in open_many(open_ones, warehouse)
            for role in (*STAGES, None):
                for _ in range(3):
                    open_ones.enter_context(connect(warehouse, role=role))
    finally:
        ask(warehouse, "alter role bi_reader connection limit 16")


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_reader_may_not(reader: psycopg.Connection, attack: str) -> None:
    with pytest.raises(DENIED):
        reader.execute(attack.encode())


def test_a_reader_can_notify_only_whoever_listens(
    warehouse: Settings, reader: psycopg.Connection
) -> None:
    """PostgreSQL cannot revoke the statement. No session of the pipeline listens."""
    reader.execute("listen gossip")
    reader.execute("notify gossip, 'a run has ended'")
    [heard] = reader.notifies(timeout=5, stop_after=1)
    assert heard.pid == reader.info.backend_pid
    for role in ("oic_landing", "oic_transform", "oic_gate", "oic_publish", None):
        assert ask(warehouse, "select count(*) from pg_listening_channels()", login=role)[0] == (0,)


@pytest.mark.parametrize("database", ["postgres", "template1", "airflow", "rms", "intelligence"])
def test_a_reader_connects_to_no_other_database(warehouse: Settings, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url(warehouse, "bi"), dbname=database)


def test_a_sort_of_400_mb_is_refused(reader: psycopg.Connection) -> None:
    reader.execute("set work_mem = '1MB'")
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded, match="temp_file_limit"):
        reader.execute(
            "select count(*) from ("
            "select repeat(md5(g::text), 10) from generate_series(1, 1300000) as g order by 1"
            ") as sorted"
        )


@pytest.mark.parametrize(
    ("limit", "statements"),
    [
        ("statement_timeout", ("select pg_sleep(60)",)),
        ("idle_in_transaction_session_timeout", ("begin", "select 1")),
        ("transaction_timeout", ("begin", "select 1", "select pg_sleep(60)")),
    ],
)
def test_a_session_that_lifted_a_limit_is_ended(
    warehouse: Settings, limit: str, statements: tuple[str, ...]
) -> None:
    with limit_of(warehouse, limit, "1s"), hostile(warehouse) as reader:

        def work() -> None:
            with contextlib.suppress(psycopg.Error):
                for statement in statements:
                    reader.execute(statement.encode())

        thread = threading.Thread(target=work)
        thread.start()
        end_overdue(warehouse)
        assert ended(warehouse) == []
        time.sleep(1.5)
        # A stage's session is not ended, even if it works for longer than readers may.
        with connect(warehouse, role="oic_transform") as transform:
            transform.execute("select 1")
            end_overdue(warehouse)
            transform.execute("select 1")
        thread.join(10)
        assert ended(warehouse) == [("bi_reader", f"{limit}: more than 1s")]
        with pytest.raises(psycopg.OperationalError):
            reader.execute("select 1")


def test_a_session_is_ended_whose_login_is_not_valid_any_more(warehouse: Settings) -> None:
    """The server lets a session stay in which a person looks around after the hours have passed."""
    uri = look_around(warehouse, "a test", hours=1)
    login = str(conninfo_to_dict(uri)["user"])
    try:
        with psycopg.connect(uri, autocommit=True) as person:
            end_overdue(warehouse)
            assert person.execute("select 1").fetchone() == (1,)
            ask(warehouse, f"alter role {login} valid until '2020-01-01'")
            assert person.execute("select 1").fetchone() == (1,)
            end_overdue(warehouse)
            with pytest.raises(psycopg.OperationalError):
                person.execute("select 1")
        ((who, because),) = ended(warehouse)
        assert who == login
        assert because.startswith("the login was valid until 2020-01-01")
    finally:
        drop_logins(warehouse, login)


@pytest.mark.parametrize("stage", [marts.build_marts, publish])
def test_a_stage_ends_at_its_beginning_what_has_exceeded_a_limit(
    warehouse: Settings,
    monkeypatch: pytest.MonkeyPatch,
    stage: Callable[[Settings, record.Build], object],
) -> None:
    def stop(*_: object) -> None:
        raise AssuranceError("nothing is built")

    monkeypatch.setattr(marts, "_drop_candidate", stop)
    as_at = datetime(2026, 6, 1, tzinfo=UTC)
    runs.open_run(warehouse, "overdue", as_at, None)
    build = record.open_build(warehouse, "overdue", as_at)
    limit = "idle_in_transaction_session_timeout"
    with (
        limit_of(warehouse, limit, "1s"),
        contextlib.suppress(psycopg.errors.AdminShutdown),
        hostile(warehouse) as reader,
    ):
        reader.execute("begin")
        reader.execute("select 1")
        time.sleep(1.5)
        with pytest.raises(AssuranceError):
            stage(warehouse, build)
    assert ended(warehouse) == [("bi_reader", f"{limit}: more than 1s")]


def wait_for(condition: object, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


def test_clients_without_a_password_do_not_shut_a_stage_out(warehouse: Settings) -> None:
    """Until a client has sent its password, no limit of a role applies to its connection."""
    parts = psycopg.conninfo.conninfo_to_dict(url(warehouse, "bi"))
    stop = threading.Event()
    flood = threading.Thread(target=_flood, args=(parts, stop))
    flood.start()
    try:
        assert wait_for(lambda: not may_connect(warehouse))
        for _ in range(5):
            assert ask(warehouse, "select 1", login="oic_landing")[0] == (1,)
    finally:
        stop.set()
        flood.join()
    assert wait_for(lambda: may_connect(warehouse), 30)


def may_connect(settings: Settings) -> bool:
    try:
        psycopg.connect(url(settings, "bi")).close()
    except psycopg.OperationalError:
        return False
    return True


def _flood(parts: dict[str, object], stop: threading.Event) -> None:
    """Open many connections that name a login and then never send the password."""
    user, database = b"bi_reader", str(parts["dbname"]).encode()
    body = b"\x00\x03\x00\x00user\0" + user + b"\0database\0" + database + b"\0\0"
    message = (len(body) + 4).to_bytes(4, "big") + body
    waiting: list[socket.socket] = []
    while not stop.is_set():
        one = socket.create_connection(("127.0.0.1", int(str(parts["port"]))))
        one.sendall(message)
        waiting.append(one)
        time.sleep(0.005)
        if len(waiting) > 300:
            waiting.pop(0).close()
    for one in waiting:
        one.close()


def test_a_server_that_nobody_hardened_is_refused(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "administrator_url", lambda _: None)
    with administrator(warehouse, autocommit=True) as superuser:
        superuser.execute("grant execute on function lo_create(oid) to public")
        superuser.execute("alter role bi_reader reset temp_file_limit")
        with pytest.raises(ServerError, match="assurance db hardening-sql") as refused:
            migrate(warehouse)
        assert "\n" not in refused.value.message
        monkeypatch.setenv("ASSURANCE_ACCEPT_UNHARDENED", "yes")
        migrate(warehouse)
        assert "statements are still needed to harden the server" in caplog.text
        monkeypatch.delenv("ASSURANCE_ACCEPT_UNHARDENED")
        printed = [
            line
            for line in hardening.hardening_sql(warehouse).splitlines()
            if not line.startswith("\\")
        ]
        superuser.execute("\n".join(printed).encode())
    migrate(warehouse)


def test_a_server_that_was_hardened_before_the_roles_existed_can_be_migrated(
    empty_warehouse: Settings,
) -> None:
    """The PostgreSQL of docker-compose.yml is hardened when its volume is made.

    Earlier versions also took the language of functions from everybody, and gave it to the owner.
    """
    for statement in (
        "revoke select on pg_roles from public",
        "grant select on pg_roles to warehouse_owner with grant option",
        "revoke all on language plpgsql from public",
        "grant usage on language plpgsql to warehouse_owner with grant option",
    ):
        ask(empty_warehouse, statement)
    migrate(empty_warehouse)
    with connect(empty_warehouse) as owner:
        assert hardening.needed_statements(owner) == []


def test_a_login_without_limits_stops_no_run(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """On a server given by URL, an administrator can make logins that the owner cannot change.

    A run only warns of a login without limits.
    """
    monkeypatch.setattr(connections, "administrator_url", lambda _: None)
    ask(warehouse, "create role of_an_administrator login in role bi_reader")
    try:
        migrate(warehouse)
        assert "statements are still needed to harden the server" in caplog.text
        assert "alter role of_an_administrator" in hardening.hardening_sql(warehouse)
    finally:
        ask(warehouse, "drop role of_an_administrator")


def test_a_reader_that_cannot_be_set_back_stops_no_run(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """On a server given by URL, the owner may be unable to change the login of readers."""
    with psycopg.connect(url(warehouse, "bi"), autocommit=True) as reader:
        reader.execute("set default_transaction_read_only = off")
        reader.execute("alter role current_user set timezone = 'Asia/Tokyo'")
        reader.execute("alter role current_user password 'another'")
    ask(warehouse, "alter role warehouse_owner nocreaterole")
    with monkeypatch.context() as patch:
        patch.setattr(connections, "administrator_url", lambda _: None)
        try:
            migrate(warehouse)
        finally:
            ask(warehouse, "alter role warehouse_owner createrole")
        assert "The password of 'bi_reader' is not the one on the server" in caplog.text
        told = {one.what for look in (measure_logins, measure_readers) for one in look(warehouse)}
        assert "the login 'bi_reader' is not as declared: TimeZone set to Asia/Tokyo" in told
        assert "does not log in with the stored password" in told
        entered = "select what from audit.processing_log where 'login:bi_reader' = any (concerns)"
        assert ask(warehouse, entered) == []
    migrate(warehouse)
    assert len(ask(warehouse, entered)) == 2


def test_a_failed_login_is_slow(warehouse: Settings) -> None:
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url(warehouse, "bi"), password="wrong")
    assert time.monotonic() - began >= 1.0


def test_nobody_logs_in_as_the_guard_and_nobody_changes_its_record(warehouse: Settings) -> None:
    with connect(warehouse, autocommit=True) as owner:
        found = owner.execute(
            "select rolcanlogin, rolsuper, rolcreaterole from pg_roles where rolname = 'oic_guard'"
        ).fetchall()
        assert found == [(False, False, False)]
        others = owner.execute(
            """
            select c.oid::regclass::text from pg_class as c
            inner join pg_namespace as n on c.relnamespace = n.oid
            where c.relkind in ('r', 'p', 'v') and n.nspname !~ '^pg_|^information_schema$'
                and n.nspname not in ('locks', 'limits')
                and has_table_privilege('oic_guard', c.oid, 'select, insert, update, delete')
            """
        ).fetchall()
        assert others == []
        for statement in (
            "delete from limits.ended_session",
            "update limits.ended_session set login = 'x'",
            "insert into limits.ended_session (login, pid, because) values ('x', 1, 'x')",
            "delete from locks.holder",
        ):
            with pytest.raises(DENIED):
                owner.execute(statement.encode())
