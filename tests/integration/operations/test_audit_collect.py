"""What is read is recorded in the log of processing, from the server's own log."""

import json
import os
import select
import stat
import struct
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn

from oic_assurance.operations.access import look_around
from oic_assurance.operations.audit import collect as collect_module
from oic_assurance.operations.audit.chain import verify
from oic_assurance.operations.audit.collect import VARIABLE, collect
from oic_assurance.settings import Settings
from oic_assurance.state.apply import apply_state
from oic_assurance.warehouse.cluster import server_log_dir
from oic_assurance.warehouse.connections import connect, url
from oic_assurance.warehouse.hardening.close import needed_statements
from oic_assurance.warehouse.migrate import migrate
from oic_assurance.warehouse.processing_log import value_mark
from oic_assurance.warehouse.rows import one_value
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.publishing.limited_readers import drop_logins
from tests.integration.warehouse.stage_roles import run_as

pytestmark = pytest.mark.slow

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def marts(fresh_warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A warehouse with two marts, which bi_reader reads."""
    monkeypatch.setenv("ASSURANCE_AUDIT_HEADS", str(tmp_path / "heads"))
    run_as(
        fresh_warehouse,
        "oic_publish",
        "create table marts.dim_officer (officer_key text, rank_grade text)",
        "insert into marts.dim_officer values ('k1', '1'), ('k2', '2')",
        "create table marts.assurance_position (point_code text)",
    )
    collect(fresh_warehouse)
    return fresh_warehouse


def consultations(settings: Settings) -> list[tuple[str, str, list[str], str | None]]:
    with connect(settings, role="oic_audit") as connection:
        return connection.execute(
            "select who, what, concerns, client_addr from audit.processing_log "
            "where origin = 'server log' order by log_id"
        ).fetchall()


def looks(settings: Settings, login: str = "bi_reader") -> list[tuple[str, set[str]]]:
    """Return what the log says of a login after a collection: in words, and which marts."""
    collect(settings)
    return [
        (what, {mark.removeprefix("mart:") for mark in concerns if mark.startswith("mart:")})
        for who, what, concerns, _ in consultations(settings)
        if who == login
    ]


def test_what_a_reader_asks_is_entered_without_its_values(marts: Settings) -> None:
    with psycopg.connect(url(marts, "bi"), application_name="psql") as reader:
        reader.execute(f"select 1 from dim_officer where officer_key = '{KEY}' -- Jane Doe")
        reader.execute("select 2 from dim_officer where officer_key = %s", (KEY,))
        for _ in range(3):
            reader.execute("select * from assurance_position where point_code = 'HYDRA'")
        reader.execute("select version()")
        reader.execute("prepare p as select rank_grade from dim_officer")
        reader.execute("execute p")
    done = collect(marts)
    found = consultations(marts)
    assert {(who, address) for who, _, _, address in found} == {("bi_reader", "127.0.0.1")}
    whats = [what for _, what, _, _ in found]
    assert whats[0].startswith("3 statements until ")
    assert whats[0].endswith(" with 'psql', dim_officer: (dim_officer.officer_key = ?)")
    assert whats[1].startswith("3 statements until ")
    assert whats[1].endswith("assurance_position: (assurance_position.point_code = ?)")
    assert whats[2].endswith("1 statement with 'psql', no mart")
    # The entries about one officer are found by a keyed hash. The officer's key itself is not in
    # them.
    mark = value_mark(marts, KEY)
    assert [mark in concerns for _, _, concerns, _ in found] == [True, False, False]
    assert KEY not in str(found)
    assert "Jane" not in str(found)
    assert done.entries == len(found)
    assert verify(marts).findings == []


#: Statements in which a reader gives somebody's name to everything that a reader can name.
NAMED = (
    "select jane_doe.officer_key as jane_doe from dim_officer as jane_doe "
    "where jane_doe.rank_grade = 'x'",
    'select "Jane Doe".officer_key as "Jane Doe" from dim_officer as "Jane Doe" '
    """where "Jane Doe".rank_grade = 'x'""",
    "with jane_doe as materialized (select officer_key as jane_doe from dim_officer) "
    "select from jane_doe where jane_doe.jane_doe = 'x'",
    "select from dim_officer as jane_doe_1 inner join dim_officer as jane_doe_2 "
    "on jane_doe_1.officer_key = jane_doe_2.rank_grade",
    "select from generate_series(1, 9) as jane_doe (jane_doe) where jane_doe.jane_doe = 3",
    "select from json_to_recordset('[]') as jane_doe (jane_doe text) where jane_doe.jane_doe = 'x'",
    "select sum(1) over jane_doe from dim_officer window jane_doe as (order by officer_key)",
    "select 1 /* jane_doe */ from dim_officer -- Jane Doe",
    "prepare jane_doe as select * from dim_officer where rank_grade = $1",
    "execute jane_doe('x')",
    "begin",
    "savepoint jane_doe",
    "declare jane_doe cursor for select * from dim_officer as jane_doe where jane_doe is not null",
    "fetch all from jane_doe",
    "close jane_doe",
    'declare "Jane Doe" cursor for select * from dim_officer',
    'fetch all from "Jane Doe"',
    "rollback",
    "listen jane_doe",
    "set jane.doe = 'jane_doe'",
    "set application_name = 'Jane Doe'",
    "select jane_doe",
    "select jane_doe from dim_officer",
    "select * from jane_doe",
    "fetch all from jane_doe",
    "alter role jane_doe set timezone = 'Asia/Tokyo'",
    "do $$ declare jane_doe text; begin "
    "execute 'select officer_key from dim_officer as jane_doe' into jane_doe; end $$",
    "copy (select jane_doe.* from dim_officer as jane_doe where rank_grade = 'x') to stdout",
)


def test_no_name_that_a_reader_chose_is_on_record(marts: Settings) -> None:
    apply_state(marts)
    for name in ("Jane Doe", "jane_doe", "JANE-DOE"):
        with psycopg.connect(url(marts, "bi"), application_name=name, autocommit=True) as reader:
            for statement in NAMED:
                send(reader, statement)
            cursor = reader.pgconn
            cursor.prepare(b"jane_doe", b"select * from dim_officer where rank_grade = $1")
            cursor.exec_prepared(b"jane_doe", [b"x"])
            reader.execute("begin")
            with reader.cursor(name=name) as named:
                named.execute("select * from dim_officer as jane_doe where rank_grade = 'x'")
                named.fetchall()
    found = looks(marts)
    assert any("(?.rank_grade = ?)" in what for what, _ in found)
    with administrator(marts) as superuser:
        places = superuser.execute(
            "select oid::regclass::text from pg_class where relkind in ('r', 'p', 'v') "
            "and relnamespace in ('audit'::regnamespace, 'state'::regnamespace)"
        ).fetchall()
        for (place,) in places:
            query = f"select one::text from {place} as one where one::text ~* 'jane.?doe'"
            assert superuser.execute(query.encode()).fetchall() == [], place


def test_a_value_is_found_however_it_is_written(marts: Settings) -> None:
    half = len(KEY) // 2
    ways = (
        f"officer_key in ('x', '{KEY}')",
        f"officer_key = any ('{{x,{KEY}}}')",
        f"officer_key = '{KEY[:half]}' || '{KEY[half:]}'",
        f"officer_key = E'\\x{ord(KEY[0]):x}{KEY[1:]}'",
        f"officer_key = (select k from (values ('{KEY}')) as v (k))",
        f"officer_key = $q${KEY}$q$",
    )
    for way in ways:
        ask(marts, f"select from dim_officer where {way}", login="bi_reader")
        collect(marts)
        assert value_mark(marts, KEY) in consultations(marts)[-1][2], way


#: Ways to read a mart whose name is not in any statement, or whose plan is not in the log.
HIDDEN = {
    "an escaped name": ('select * from marts.U&"\\0064im_officer"',),
    "a name in two strings": (
        "select * from ts_stat('select to_tsvector(''simple'', officer_key) from dim_'||'officer')",
    ),
    "a cursor that is closed": (
        "begin", 'declare c cursor for select * from U&"\\0064im_officer"', "fetch all from c",
        "commit",
    ),
    "a copy of a query": ('copy (select * from U&"\\0064im_officer") to stdout',),
    "a statement prepared in SQL": (
        'prepare p as select * from U&"\\0064im_officer"', "execute p",
    ),
    "a block": ("do $$ begin execute 'select * from dim_' || 'officer'; end $$",),
    "the second of two statements": ('select 1; select * from U&"\\0064im_officer"',),
}  # fmt: skip


#: Ways to read rows of a mart without a plan in the log. No entry can name the mart if no statement
#: names it.
UNKNOWN_READS = {
    "a cursor that is rolled back": (
        "begin", 'declare c cursor for select * from U&"\\0064im_officer"', "fetch all from c",
        "rollback",
    ),
    "a statement that fails after its first rows": (
        """select officer_key, 1 / (rank_grade::integer - 2) from U&"\\0064im_officer" """,
    ),
    "the second of two statements, which fails": (
        """select 1; select 1 / (rank_grade::integer - 2) from U&"\\0064im_officer" """,
    ),
    "a block that catches its failure": (
        """do $$ declare one text; begin
            execute 'select 1 / (rank_grade::integer - 2) from dim_' || 'officer' into one;
        exception when division_by_zero then null; end $$""",
    ),
    "a copy of the table": ('copy U&"\\0064im_officer" to stdout',),
    "a copy of a query that fails": (
        'copy (select 1 / (rank_grade::integer - 2) from U&"\\0064im_officer") to stdout',
    ),
    "a name of a cursor that was used before": (
        "begin", "declare c cursor for select 1", "rollback", "begin", "fetch all from c",
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", [*HIDDEN, *UNKNOWN_READS])
def test_a_mart_that_no_statement_names_is_entered_or_something_unknown(
    marts: Settings, way: str
) -> None:
    with psycopg.connect(url(marts, "bi"), autocommit=True) as reader:
        for statement in HIDDEN.get(way) or UNKNOWN_READS[way]:
            send(reader, statement)
    found = looks(marts)
    entered = "dim_officer" if way in HIDDEN else "something unknown"
    assert any(entered in names and entered in what for what, names in found)


def test_a_failed_statement_that_names_its_mart_is_entered_with_it(marts: Settings) -> None:
    with psycopg.connect(url(marts, "bi"), autocommit=True) as reader:
        send(reader, "select 1 / (rank_grade::integer - 2) from dim_officer")
        send(reader, "copy dim_officer to stdout")
    ((what, names),) = looks(marts)
    assert names == {"dim_officer", "something unknown"}
    assert what.endswith("dim_officer and something unknown: select; copy")


@pytest.mark.parametrize("end", ["rollback", "commit"])
def test_a_portal_that_is_bound_and_fetched_by_name_is_entered(marts: Settings, end: str) -> None:
    with psycopg.connect(url(marts, "bi"), autocommit=True) as reader:
        fetch_from_a_bound_portal(reader, end)
    ((what, names),) = looks(marts)
    assert "something unknown" in names
    assert what.endswith("something unknown: fetch")
    assert ("dim_officer" in names) == (end == "commit")


def fetch_from_a_bound_portal(reader: psycopg.Connection, end: str) -> None:
    """Read all officers from a portal that is bound and then fetched by its name."""
    reader.execute("begin")
    wire(reader.pgconn, b"P", b"s1\0select * from dim_officer\0" + bytes(2))
    wire(reader.pgconn, b"B", b"p1\0s1\0" + bytes(6))
    wire(reader.pgconn, b"S", b"")
    answers(reader.pgconn)
    wire(reader.pgconn, b"Q", b"fetch all from p1\0")
    assert b"D" in answers(reader.pgconn)
    wire(reader.pgconn, b"Q", end.encode() + b"\0")
    answers(reader.pgconn)


def wire(connection: PGconn, kind: bytes, content: bytes) -> None:
    """Send one message of PostgreSQL's protocol, which no client library would send."""
    os.write(connection.socket, kind + struct.pack("!i", len(content) + 4) + content)


def answers(connection: PGconn) -> bytes:
    """Return the kinds of the server's messages up to the next one that it is ready."""
    kinds, got = b"", b""
    while not kinds.endswith(b"Z"):
        select.select([connection.socket], [], [], 20)
        got += os.read(connection.socket, 65536)
        while len(got) >= 5 and len(got) > (size := struct.unpack("!i", got[1:5])[0]):
            kinds, got = kinds + got[:1], got[size + 1 :]
    return kinds


def send(reader: psycopg.Connection, statement: str) -> None:
    """Send a statement, and take all that it returns. It may fail."""
    reader.pgconn.send_query(statement.encode())
    while (result := reader.pgconn.get_result()) is not None:
        while result.status == ExecStatus.COPY_OUT and reader.pgconn.get_copy_data(0)[0] > 0:
            pass


@pytest.mark.parametrize("name", ["own", "Own cursor"])
def test_a_cursor_of_an_honest_tool_is_no_mystery(marts: Settings, name: str) -> None:
    with psycopg.connect(url(marts, "bi")) as reader, reader.cursor(name=name) as cursor:
        cursor.execute("select * from dim_officer")
        assert len(cursor.fetchmany(1)) == len(cursor.fetchall()) == 1
        cursor.close()
        reader.commit()
    assert {frozenset(names) for _, names in looks(marts)} == {frozenset({"dim_officer"})}
    with psycopg.connect(url(marts, "bi")) as reader, reader.cursor(name=name) as cursor:
        cursor.execute("select * from dim_officer")
        cursor.fetchmany(1)
        reader.rollback()
    assert looks(marts)[-1][1] == {"dim_officer", "something unknown"}


def test_many_looks_of_a_login_are_one_entry(marts: Settings) -> None:
    for number in range(40):
        with psycopg.connect(url(marts, "bi"), application_name=f"tool {number}") as reader:
            for _ in range(5):
                reader.execute("select * from assurance_position")
            reader.execute(f"select 1 from dim_officer where officer_key = '{KEY}{number}'")
    found = looks(marts)
    assert [names for _, names in found] == [{"assurance_position"}, {"dim_officer"}]
    assert found[0][0].startswith("200 statements until ")
    assert found[0][0].endswith(" in 40 sessions, assurance_position")
    # Which records the sessions asked for is still found.
    assert value_mark(marts, f"{KEY}39") in consultations(marts)[-1][2]


def test_sets_of_marts_without_end_share_an_entry(
    marts: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect_module, "MOST_SETS", 1)
    with psycopg.connect(url(marts, "bi")) as reader:
        reader.execute("select 1")
        reader.execute("select * from assurance_position")
        reader.execute("select * from dim_officer")
    assert [names for _, names in looks(marts)] == [set(), {"assurance_position", "dim_officer"}]


def test_every_login_is_logged_by_what_it_can_read(marts: Settings) -> None:
    """Whatever the name of a login and whoever has created it, and from its first statement."""
    roles = {
        "analyst": "bi_reader",
        "colleague_of_the_gate": "oic_gate",
        "a_reader": "pg_read_all_data",
    }
    try:
        with administrator(marts, autocommit=True) as superuser:
            for login, role in roles.items():
                superuser.execute(f"create role {login} login password 'x' in role {role}".encode())
                superuser.execute(
                    sql.SQL("grant connect on database {} to {}").format(
                        sql.Identifier(superuser.info.dbname), sql.Identifier(login)
                    )
                )
        for login in roles:
            address = make_conninfo(
                url(marts, "bi"), user=login, password="x", application_name="oic_assurance"
            )
            with psycopg.connect(address, autocommit=True) as reader:
                for attempt in ("set log_statement = 'none'", "set auto_explain.sample_rate = 0"):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        reader.execute(attempt.encode())
                reader.execute('select * from marts.U&"\\0064im_officer"')
            assert "dim_officer" in set().union(*(names for _, names in looks(marts, login)))
        # A setting of a login's own is found, and put right by the next start.
        with administrator(marts, autocommit=True) as superuser:
            superuser.execute("alter role analyst set log_statement = 'none'")
            assert ("analyst", "log_statement set to none") in [
                one[1:] for one in needed_statements(superuser)
            ]
        migrate(marts)
        with connect(marts) as owner:
            assert needed_statements(owner) == []
    finally:
        drop_logins(marts, *roles)


def test_people_with_a_login_of_the_pipeline_are_seen_and_the_pipeline_is_not(
    marts: Settings,
) -> None:
    with connect(marts, role="oic_gate") as stage, connect(marts) as owner:
        stage.execute("select 'a-value-of-a-stage' from marts.dim_officer")
        owner.execute("select 1")
    for path in server_log_dir(marts).glob("*.json"):
        assert "a-value-of-a-stage" not in path.read_text()
    assert looks(marts, "oic_gate") == looks(marts, "warehouse_owner") == []
    with psycopg.connect(url(marts, "gate"), application_name="psql") as person:
        person.execute("select 'a-value-of-a-stage' from marts.dim_officer")
    with psycopg.connect(url(marts, "warehouse"), application_name="psql") as person:
        person.execute("select from audit.batch")
    ((what, names),) = looks(marts, "oic_gate")
    assert what == (
        "1 statement with 'psql', something unknown: a session whose statements are not logged"
    )
    assert names == {"something unknown"}
    assert looks(marts, "warehouse_owner") == [
        ("1 statement with 'psql', audit.batch", {"audit.batch"})
    ]


def test_a_person_looks_around_with_a_login_and_a_reason_of_their_own(marts: Settings) -> None:
    run_as(marts, "oic_landing", "create table raw_general.personnel (number text)")
    uri = look_around(marts, "why the batch of 9 July was late", hours=2)
    login = str(conninfo_to_dict(uri)["user"])
    try:
        with psycopg.connect(uri, autocommit=True) as person:
            for place in ("marts.dim_officer", "audit.batch", "raw_general.personnel"):
                person.execute(f"select * from {place}".encode())
            person.execute("set default_transaction_read_only = off")
            for refused in ("select * from identity.pseudonym", "delete from audit.batch"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    person.execute(refused.encode())
        read = set().union(*(names for _, names in looks(marts, login)))
        assert {"dim_officer", "audit.batch", "raw_general.personnel"} <= read
        with administrator(marts) as superuser:
            assert one_value(superuser, "select limits.is_reader(%s::regrole)", (login,))
            assert superuser.execute(
                "select who, because from audit.processing_log where what like %s", (f"%{login}%",)
            ).fetchall() == [("oic_audit", "why the batch of 9 July was late")]
            assert one_value(
                superuser,
                "select rolvaliduntil < now() + interval '121 minutes' from pg_roles "
                "where rolname = %s",
                (login,),
            )
        # The next look has its own reason and password.
        again = look_around(marts, "why the batch of 10 July was late", hours=2)
        assert conninfo_to_dict(again)["user"] == login
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(uri)
    finally:
        drop_logins(marts, login)


def test_a_huge_statement_is_entered_and_leaves_nothing(marts: Settings) -> None:
    ask(marts, f"select '{'x' * 40_000_000}' from marts.U&\"\\0064im_officer\"", login="bi_reader")
    done = collect(marts)
    # The server begins a new file between the statement and its plan, because both are so long.
    found = consultations(marts)
    assert any(
        "something unknown, with a statement that is too long" in what for _, what, *_ in found
    )
    assert any("mart:dim_officer" in concerns for *_, concerns, _ in found)
    assert len(str(found)) < 2_000
    assert sum(path.stat().st_size for path in server_log_dir(marts).glob("*")) < 1_000_000
    assert any("'bi_reader' has filled" in note for note in done.notes)


def test_plans_show_nothing_to_a_session_that_it_may_not_know(marts: Settings) -> None:
    """A session can have its own plans sent to it, but not those inside a function of others."""
    telling = """
        select p.oid::regprocedure::text
        from pg_proc as p
        where p.prosecdef
            and not coalesce(p.proconfig, '{}') && array['client_min_messages=error']
            and exists (
                select from aclexplode(p.proacl) as granted
                where granted.grantee = 0
                    or granted.grantee::regrole::text in (
                        'bi_reader', 'supervisor_reader', 'commissioner_reader',
                        'assurance_person', 'assurance_looker'
                    )
            )
    """
    assert ask(marts, telling) == []


def test_statements_with_values_do_not_stay_on_the_disk_and_are_entered_once(
    marts: Settings,
) -> None:
    ask(marts, f"select 1 from dim_officer where officer_key = '{KEY}'", login="bi_reader")
    folder = server_log_dir(marts)
    held = [path for path in folder.glob("*.json") if KEY in path.read_text()]
    assert held
    assert {stat.S_IMODE(path.stat().st_mode) for path in held} == {0o600}
    assert [collect(marts).entries for _ in range(2)] == [1, 0]
    assert not [path for path in folder.glob("*.json") if KEY in path.read_text()]
    assert len(consultations(marts)) == 1


def test_a_value_cannot_be_hidden_by_many_others(marts: Settings) -> None:
    with psycopg.connect(url(marts, "bi")) as reader:
        values = ", ".join(f"'junk {number}'" for number in range(3_000))
        reader.execute(f"select 2 from dim_officer where officer_key in ({values}, '{KEY}')")
    collect(marts)
    found = consultations(marts)
    assert [value_mark(marts, KEY) in concerns for _, _, concerns, _ in found].count(True) == 1
    assert max(len(concerns) for _, _, concerns, _ in found) < 1_100
    assert verify(marts).findings == []


def test_a_reader_cannot_switch_the_logging_off(marts: Settings) -> None:
    attempts = (
        "set log_statement = 'none'",
        "set log_min_messages = 'panic'",
        "set session log_parameter_max_length = 0",
        "set auto_explain.log_min_duration = -1",
        "set auto_explain.sample_rate = 0",
        "set auto_explain.log_nested_statements = off",
        "alter role bi_reader set log_statement = 'none'",
        "alter role bi_reader set auto_explain.log_min_duration = -1",
        "alter role bi_reader reset all",
        "select set_config('log_statement', 'none', false)",
        "select pg_reload_conf()",
        "select pg_rotate_logfile()",
        "select pg_read_file('postgresql.conf')",
        "load 'auto_explain'",
    )
    with psycopg.connect(url(marts, "bi"), autocommit=True) as reader:
        reader.execute("set default_transaction_read_only = off")
        for attempt in attempts:
            try:
                reader.execute(attempt.encode())
            except psycopg.errors.InsufficientPrivilege:
                continue
            # `reset all` is allowed, but does not reset settings that only an administrator may
            # change.
            assert attempt.endswith("reset all"), attempt
        reader.execute("alter role bi_reader set default_transaction_isolation = 'read committed'")
    # The limits of the login were settings of its own. The next start sets them again.
    migrate(marts)
    with psycopg.connect(url(marts, "bi")) as reader:
        assert reader.execute("show transaction_isolation").fetchone() == ("repeatable read",)
        assert reader.execute("show transaction_read_only").fetchone() == ("on",)
        assert reader.execute("show statement_timeout").fetchone() != ("0",)
        reader.execute("select 1 from dim_officer")
    for option in (
        "log_statement=none", "auto_explain.log_min_duration=-1", "session_preload_libraries=",
        "auto_explain.log_verbose=off", "log_min_messages=panic",
    ):  # fmt: skip
        with pytest.raises(psycopg.OperationalError, match="permission denied to set parameter"):
            psycopg.connect(url(marts, "bi"), options=f"-c {option}")
    with psycopg.connect(url(marts, "bi")) as reader:
        assert reader.execute("show log_statement").fetchone() == ("all",)
        assert reader.execute("show auto_explain.log_min_duration").fetchone() == ("0",)
        reader.execute("select 3 from dim_officer")
    assert any(names == {"dim_officer"} for _, names in looks(marts))


def test_a_server_elsewhere_is_collected_from_its_folder_or_told(
    marts: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(collect_module, "logs_plans", lambda _: False)
        assert any("The server logs no plans" in note for note in collect(marts).notes)
    monkeypatch.setattr(
        "oic_assurance.operations.audit.collect.on_embedded_server", lambda _: False
    )
    done = collect(marts)
    assert (done.folder, done.entries) == (None, 0)
    assert done.notes[0].startswith("What is read is not collected: ")

    with connect(marts) as connection:
        database = connection.info.dbname
    entry = {
        "timestamp": "2026-07-09 05:30:01.123 UTC", "user": "pat", "dbname": database, "pid": 7,
        "remote_host": "10.0.0.1", "remote_port": 99, "session_id": "a.b", "error_severity": "LOG",
        "backend_type": "client backend", "message": "statement: select 1 from dim_officer",
    }  # fmt: skip
    path = tmp_path / "server" / "postgresql.json"
    path.parent.mkdir()
    path.write_text(json.dumps(entry) + "\nnot json\n" + json.dumps(entry)[:50])
    monkeypatch.setenv(VARIABLE, str(path.parent))
    done = collect(marts)
    assert (done.entries, done.deleted_files) == (1, 0)
    assert done.notes[0] == "Line 2 of what is new in the server's log is not readable."
    (found,) = consultations(marts)
    assert found[0] == "pat"
    assert found[1] == "1 statement, dim_officer and something unknown: select"
    assert found[3] == "10.0.0.1"
    # An incomplete line is read after the rest of it has been written.
    with path.open("a") as file:
        file.write(json.dumps(entry)[50:] + "\n")
    assert collect(marts).entries == 1
