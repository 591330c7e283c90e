"""Attacks by each limited login on rows that it may not see, compared between two worlds.

The second world has more records of other teams, with other values, and new statistics. Whatever a
limited login can observe must be exactly the same in both worlds.
"""

import json
import re
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import sql

from oic_assurance.errors import ServerError
from oic_assurance.pipeline import observe as measure_all
from oic_assurance.publishing.audiences import (
    BY_UNIT,
    keep_functions,
    open_to_audiences,
)
from oic_assurance.publishing.retention import detach_old
from oic_assurance.settings import Settings
from oic_assurance.state.apply import apply_state
from oic_assurance.warehouse.connections import connect, connect_to_migrate, url
from oic_assurance.warehouse.hardening.close import close, hardening_sql, needed_statements
from oic_assurance.warehouse.migrate import migrate
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.publishing.limited_readers import (
    LOGINS,
    Connect,
    log_in,
    published_with_history,
    rows,
    warehouse,
)
from tests.integration.publishing.marts import as_reader
from tests.integration.warehouse.stage_roles import ATTACKS, DENIED

__all__ = ["log_in", "warehouse"]

#: A value that only records of another team have, and a value that no record has.
HIDDEN, ABSENT = "hidden-7", "absent-7"
#: For each mart of records, the text column that gets the hidden value.
COLUMNS = {
    "assurance_exception": "record_ref",
    "assurance_exception_history": "record_ref",
    "dim_officer": "role",
    "fct_nccu_referral": "referral_ref",
    "fct_training_requirement": "requirement_code",
}
#: Options with which `explain` shows all that it counts, without times and pages.
COUNTS = "explain (analyze, verbose, wal, timing off, summary off, buffers off"
CONDITIONS = ("{} = {}", "{} < {}", "starts_with({}, {})", "{} like {} || '%%'", "{} in ({}, 'x')")


def wait_for_lock(warehouse: Settings, session: psycopg.Connection) -> None:
    """Wait until the statement of a session waits for a lock."""
    question = "select from pg_locks where pid = %s and not granted"
    deadline = time.monotonic() + 30
    with administrator(warehouse) as conn:
        while not conn.execute(question, (session.info.backend_pid,)).fetchall():
            assert time.monotonic() < deadline, "the statement never waited"
            time.sleep(0.005)


def add_hidden_rows(warehouse: Settings, many: int = 3000, after: int = 0) -> None:
    """Add records of team U4 with the hidden value to the marts, and update the statistics.

    `after` is the number of records that were added before.
    """
    with administrator(warehouse, autocommit=True) as superuser:
        superuser.execute("set session_replication_role = replica")
        for mart, column in COLUMNS.items():
            name = sql.Identifier("generation", f"{mart}__2")
            types = superuser.execute(
                "select attname::text, format_type(atttypid, null) from pg_attribute "
                "where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
                (f"generation.{mart}__2",),
            ).fetchall()
            own: dict[str, object] = {
                "force_code": "E23000022",
                "publication_id": 2,
                "org_unit_code": "U4",
            }
            values = [
                sql.SQL("{} || case n when 1 then '' else n::text end").format(sql.Literal(HIDDEN))
                if known == column
                else sql.Literal(own[known])
                if known in own
                else sql.SQL("'k' || n" if kind == "text" else "null")
                for known, kind in types
            ]
            # Only columns that have a value in each row are inserted.
            kept = [(known, value) for (known, _), value in zip(types, values, strict=True)]
            superuser.execute(
                sql.SQL("insert into {} ({}) select {} from generate_series({}, {}) as n").format(
                    name,
                    sql.SQL(", ").join(sql.Identifier(known) for known, _ in kept),
                    sql.SQL(", ").join(value for _, value in kept),
                    sql.Literal(after + 1),
                    sql.Literal(after + many),
                )
            )
        superuser.execute("vacuum analyze")


def views(login: str) -> list[str]:
    own = [*BY_UNIT] if LOGINS[login] else []
    with_rows = ("assurance_position", "assurance_measure", "dim_org_unit", "restatement")
    return sorted([*own, *with_rows, "publication"])


def observe(reader: psycopg.Connection, statements: Sequence[str]) -> list[object]:
    """Return everything that a login gets from each statement: its rows, error and messages."""
    found: list[object] = []
    notices: list[str] = []

    def take(notice: psycopg.errors.Diagnostic) -> None:
        # The server logs the plan of each statement, and can send it to its session. How long a
        # statement takes is never the same.
        notices.append(re.sub(r"^duration: \S+ ms", "", notice.message_primary or ""))

    reader.add_notice_handler(take)
    for statement in statements:
        try:
            cursor = reader.execute(statement.encode())
            answer: Any = cursor.fetchall() if cursor.description else None
        except psycopg.Error as error:
            answer = (error.sqlstate, str(error))
        found.append((statement, str(answer), tuple(notices)))
        notices.clear()
    return found


def probes(login: str) -> list[str]:
    """Return statements that try to learn about hidden rows. None of them may reveal anything."""
    tried = [
        "set client_min_messages = log",
        "set debug_print_plan = on; set debug_print_rewritten = on; set debug_print_parse = on",
        "set row_security = off",
    ]
    for view in views(login):
        place = f"limited.{view}"
        tried += [
            f"select * from {place} order by 1, 2, 3, 4",
            f"select count(*) from {place}",
            f"explain (verbose, format json) select * from {place}",
            f"explain (generic_plan) select * from {place} where force_code = $1",
            f"{COUNTS}) select * from {place}",
            f"{COUNTS}, format json) select count(*) from {place}",
            f"prepare p_{view} as select * from {place}",
            f"{COUNTS}) execute p_{view}",
            f"explain execute p_{view}",
            f"begin; declare c_{view} cursor for select * from {place} order by 1, 2, 3, 4",
            f"fetch all from c_{view}",
            "commit",
            f"do $$ begin execute 'table {place}'; end $$",
            f"select query_to_xml('{COUNTS}) select * from {place}', true, true, '')",
            f"select ts_stat('{COUNTS}) select * from {place}')",
            f"copy (select * from {place} order by 1, 2, 3, 4) to '/dev/null'",
            f"select pg_relation_size('{place}'), pg_total_relation_size('marts.{view}')",
            f"select ctid, xmin from {place}",
            f"select * from {place} tablesample system (50)",
            f"begin; lock table marts.{view}, generation.{view}__2 in access share mode",
            "rollback",
            f"analyze generation.{view}__2",
        ]
        column = COLUMNS.get(view)
        if column is not None:
            for condition in CONDITIONS:
                for value in (HIDDEN, ABSENT):
                    where = condition.format(column, f"'{value}'").replace("%%", "%")
                    tried += [
                        f"explain (format json) select from {place} where {where}",
                        f"{COUNTS}) select from {place} where {where}",
                        f"select count(*) from {place} where {where}",
                        f"select 1 / (select count(*) from {place} where {where})",
                        f"select {column}::int from {place} where {where}",
                    ]
    return tried + STATISTICS


STATISTICS = [
    "select count(*), sum(reltuples) from pg_class where relnamespace = 'generation'::regnamespace",
    "select relpages, relallvisible from pg_class where relname = 'assurance_exception__2'",
    "select * from pg_class",
    "select * from pg_stat_all_tables",
    "select * from pg_stat_user_tables",
    "select * from pg_stat_xact_all_tables",
    "select * from pg_stat_user_indexes",
    "select * from pg_statio_all_tables",
    "select * from pg_statio_user_indexes",
    "select * from pg_stat_user_functions",
    "select * from pg_stat_activity",
    "select * from pg_stat_database",
    "select * from pg_stat_progress_vacuum",
    "select * from pg_stat_io",
    "select * from pg_stat_wal",
    "select * from pg_stats",
    "select * from pg_stats_ext",
    "select * from pg_statistic",
    "select pg_stat_get_live_tuples('generation.assurance_exception__2'::regclass)",
    "select pg_stat_get_xact_tuples_returned(oid) from pg_class where relname ~ 'exception__2'",
    "select pg_stat_get_xact_tuples_fetched(oid) from pg_class where relname ~ 'exception__2'",
    "select pg_stat_get_xact_blocks_hit(oid) from pg_class where relname ~ 'exception__2'",
    "select * from pg_stat_get_backend_io(pg_backend_pid())",
    "select * from pg_stat_get_activity(null)",
    "select * from pg_locks",
    "select * from pg_lock_status()",
    "select pg_blocking_pids(pg_backend_pid())",
    "select pg_relation_size(oid), pg_table_size(oid) from pg_class where relname ~ 'exception__2'",
    "select pg_database_size(current_database()), pg_indexes_size('generation.dim_officer__2')",
    "select pg_current_wal_lsn(), pg_current_wal_insert_lsn()",
    "select * from pg_control_checkpoint()",
    "select * from pg_auth_members",
    "select * from pg_roles",
    "select * from pg_user",
    "select * from pg_group",
    "select * from pg_db_role_setting",
    "select * from pg_shdepend",
    "select pg_has_role('inspector_two', 'supervisor_reader', 'usage')",
    "select has_table_privilege('inspector_two', 'limited.assurance_exception', 'select')",
    "select * from generation.assurance_exception__2",
    "select * from marts.assurance_exception",
    "select limited.own_units()",
]


@pytest.mark.parametrize("login", LOGINS)
def test_nothing_that_a_login_observes_depends_on_hidden_rows(
    warehouse: Settings, log_in: Connect, login: str
) -> None:
    # Each observation begins with a new session. What the session learns first, such as a mart's
    # columns, must not differ either.
    before = observe(log_in(login), probes(login))
    add_hidden_rows(warehouse)
    after = observe(log_in(login), probes(login))
    assert len(before) > 100
    sent = str(before)
    assert "Query Text" in sent
    assert not re.search(r'"Schema": "(marts|generation|identity)"', sent)
    for first, second in zip(before, after, strict=True):
        assert first == second


def test_the_truth_is_different_for_whoever_may_see_it(warehouse: Settings) -> None:
    """Statements such as those of the attack notice the hidden rows if the login may see them.

    The login `bi_reader` may see them.
    """
    statements = [
        "explain (format json) select from marts.assurance_exception where record_ref = 'x'",
        "select count(*) from marts.assurance_exception",
        "select sum(reltuples) from pg_class where relnamespace = 'generation'::regnamespace",
    ]
    with as_reader(warehouse, "bi", autocommit=True) as bi:
        before = observe(bi, statements)
        add_hidden_rows(warehouse)
        after = observe(bi, statements)
    assert all(first != second for first, second in zip(before, after, strict=True))


@pytest.mark.parametrize("login", LOGINS)
def test_statistics_and_sizes_are_refused(warehouse: Settings, log_in: Connect, login: str) -> None:
    reader = log_in(login)
    for statement in STATISTICS:
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)):
            reader.execute(statement.encode())


def plan_of(reader: psycopg.Connection, options: str, place: str) -> dict[str, Any]:
    ((shown,),) = reader.execute(f"explain ({options}) select * from {place}".encode()).fetchall()
    plan: dict[str, Any] = (json.loads(shown) if isinstance(shown, str) else shown)[0]["Plan"]
    return plan


def test_a_plan_shows_one_scan_of_a_function_whose_estimate_never_changes(
    warehouse: Settings, log_in: Connect
) -> None:
    add_hidden_rows(warehouse)
    for login in LOGINS:
        reader = log_in(login)
        for view in views(login):
            plan = plan_of(reader, "format json", f"limited.{view}")
            assert (plan["Node Type"], plan["Plan Rows"]) == ("Function Scan", 1000)
            assert "Plans" not in plan


def pages(reader: psycopg.Connection, place: str) -> tuple[int, int]:
    """Return the rows and the pages that `explain` counts, after the session has made its plan."""
    plan = [plan_of(reader, "analyze, buffers, format json", place) for _ in range(3)][-1]
    return int(plan["Actual Rows"]), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def test_the_pages_of_a_plan_tell_of_hidden_rows_only_the_depth_of_an_index(
    warehouse: Settings, log_in: Connect
) -> None:
    def counted() -> dict[tuple[str, str], tuple[int, int]]:
        found = {}
        for login in LOGINS:
            with log_in(login) as reader:
                for view in views(login):
                    found[login, view] = pages(reader, f"limited.{view}")
        return found

    add_hidden_rows(warehouse, 1)
    few = counted()
    add_hidden_rows(warehouse, 300, after=1)
    assert counted() == few
    add_hidden_rows(warehouse, 30_000, after=301)
    for (login, view), (shown, read) in counted().items():
        shown_before, read_before = few[login, view]
        assert shown == shown_before
        # One page more for each unit that is looked up: the index has one level more.
        deeper = len(LOGINS[login]) if view in BY_UNIT else 0
        assert 0 <= read - read_before <= deeper


def test_a_condition_of_the_reader_never_sees_another_teams_row(
    warehouse: Settings, log_in: Connect
) -> None:
    add_hidden_rows(warehouse, many=5)
    for login, units in list(LOGINS.items())[:2]:
        reader = log_in(login)
        for mart, column in BY_UNIT.items():
            seen = reader.execute(
                f"""
                select {column} from limited.{mart}
                where case when {column} = any (%s) then true
                    else 1 / (length({column}) - length({column})) = 1 end
                """.encode(),
                ([*units],),
            ).fetchall()
            assert {unit for (unit,) in seen} <= set(units)
            # A slow condition is evaluated exactly once for each row that the login may see.
            (slept,) = reader.execute(
                f"""
                select count(*) from (
                    select pg_sleep(0) from limited.{mart} where {column} <> 'none' offset 0
                ) as one
                """.encode()
            ).fetchall()
            assert slept == (len(rows(reader, mart)),)


def test_only_the_current_publication_is_shown(warehouse: Settings, log_in: Connect) -> None:
    for login in LOGINS:
        reader = log_in(login)
        for view in views(login):
            shown = rows(reader, view, "distinct publication_id")
            assert shown in ([(2,)], [])
            assert rows(reader, view, "count(*) filter (where publication_id = 1)") == [(0,)]


def test_every_audience_reads_what_bi_reads_of_it(warehouse: Settings, log_in: Connect) -> None:
    readers = [log_in(login) for login in LOGINS]
    with as_reader(warehouse, "bi", autocommit=True) as bi:
        bi.execute("set row_security = on")
        # The handmade marts of the aggregates: not every one has a handmade table.
        for mart in (
            "assurance_measure", "assurance_position", "dim_date", "dim_org_unit", "restatement",
        ):  # fmt: skip
            columns = [
                one.name for one in bi.execute(f"table marts.{mart}".encode()).description or ()
            ]
            for reader in readers:
                assert rows(reader, mart) == rows(bi, mart, schema="marts")
                own = reader.execute(f"table limited.{mart}".encode()).description or ()
                assert [one.name for one in own] == columns


def test_a_mart_that_gains_a_column_fails_no_reader_and_shows_it(
    warehouse: Settings, log_in: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement waits while a mart gets the column, and the next follows before its view has it.

    The publication is cut off between the two.
    """
    readers = {
        "assurance_exception": log_in("inspector_one"),
        "dim_org_unit": log_in("office_reader"),
    }
    before = {mart: rows(reader, mart) for mart, reader in readers.items()}
    meanwhile: dict[str, Future[list[tuple[Any, ...]]]] = {}
    with ThreadPoolExecutor() as pool:

        def keep_while_it_waits(conn: psycopg.Connection, widened: str) -> None:
            meanwhile[widened] = pool.submit(rows, readers[widened], widened)
            wait_for_lock(warehouse, readers[widened])
            keep_functions(conn, widened)

        published_tables = "oic_assurance.publishing.published_tables"
        monkeypatch.setattr(f"{published_tables}.keep_functions", keep_while_it_waits)
        monkeypatch.setattr("oic_assurance.publishing.publish.prepare_parents", lambda *_: 1 / 0)
        change = "".join(f"alter table candidate.{mart} add weight bigint;" for mart in readers)
        with pytest.raises(ZeroDivisionError):
            published_with_history(warehouse, change=change)
        assert {mart: answer.result() for mart, answer in meanwhile.items()} == before
    assert {mart: rows(reader, mart) for mart, reader in readers.items()} == before
    with connect(warehouse, role="oic_publish", autocommit=True) as conn:
        open_to_audiences(conn)
    for mart, reader in readers.items():
        assert {weight for (weight,) in rows(reader, mart, "weight")} == {None}


def test_views_are_made_once_and_hold_through_retention(
    warehouse: Settings, log_in: Connect
) -> None:
    made = "select xmin::text from pg_proc where pronamespace = 'limited'::regnamespace order by 1"
    with connect(warehouse, autocommit=True) as owner:
        before = owner.execute(made.encode()).fetchall()
        published_with_history(warehouse, salt="third")
        detach_old(warehouse, attached=1)
        assert owner.execute(made.encode()).fetchall() == before
    assert rows(log_in("inspector_one"), "dim_officer", "distinct publication_id") == [(3,)]


def test_the_owner_of_a_function_may_read_marts_and_nothing_else(warehouse: Settings) -> None:
    with connect(warehouse) as conn:
        owners = conn.execute(
            "select distinct pg_get_userbyid(proowner)::text from pg_proc "
            "where pronamespace = 'limited'::regnamespace and prosecdef"
        ).fetchall()
        readable = conn.execute(
            """
            select distinct n.nspname
            from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'v', 'm') and n.nspname !~ '^pg_|^information_schema$'
                and has_table_privilege('oic_audience', c.oid, 'select')
            """
        ).fetchall()
        writable = conn.execute(
            "select count(*) from pg_class where relkind in ('r', 'p') and "
            "has_table_privilege('oic_audience', oid, 'insert, update, delete, truncate')"
        ).fetchone()
        fixed = conn.execute(
            "select bool_and(exists (select from unnest(proconfig) as one "
            "where one = 'search_path=pg_catalog, pg_temp')) from pg_proc "
            "where pronamespace in ('limited'::regnamespace, 'worklist'::regnamespace)"
        ).fetchone()
    assert owners == [("oic_audience",)]
    assert set(readable) == {("limited",), ("marts",)}
    assert writable == (0,)
    assert fixed == (True,)


def test_the_catalogues_are_closed_again_if_somebody_opens_them(warehouse: Settings) -> None:
    with administrator(warehouse, autocommit=True) as superuser:
        superuser.execute("grant execute on function pg_stat_get_live_tuples(oid) to public")
        superuser.execute("grant select on pg_roles to public")
        assert len(needed_statements(superuser)) == 2
    script = hardening_sql(warehouse)
    assert "revoke execute on function pg_stat_get_live_tuples(oid) from public;" in script
    with connect_to_migrate(warehouse) as conn:
        close(conn)
        assert needed_statements(conn) == []
    assert not re.search("revoke|grant", hardening_sql(warehouse))


@pytest.mark.parametrize("login", LOGINS)
def test_a_limited_login_may_not_write_or_block(
    warehouse: Settings, log_in: Connect, login: str
) -> None:
    reader = log_in(login)
    reader.execute("set default_transaction_read_only = off")
    of_limited = (
        "insert into limited.publication default values",
        "update limited.assurance_position set force_code = 'x'",
        "delete from limited.assurance_position",
        "begin; lock table limited.publication in access exclusive mode",
        "create table limited.t (a integer)",
        "create view limited.v as select 1",
        "comment on view limited.publication is 'x'",
        "alter view limited.publication owner to current_user",
        "alter role bi_reader set timezone = 'Asia/Tokyo'",
        "set role bi_reader",
    )
    for attack in (*ATTACKS, *of_limited):
        # A view over a function cannot be written by anybody.
        with pytest.raises((DENIED, psycopg.errors.ObjectNotInPrerequisiteState)):
            reader.execute(attack.encode())
        reader.rollback()
    # Nobody can take rights from the others who use the login.
    reader.execute("drop owned by current_user")
    assert rows(log_in(login), "publication")


def alter_as_a_reader(warehouse: Settings, *statements: str) -> None:
    """Let a user of the shared login alter it for everybody who uses it."""
    with psycopg.connect(url(warehouse, "bi"), autocommit=True) as reader:
        reader.execute("set default_transaction_read_only = off")
        database = sql.Identifier(reader.info.dbname)
        for statement in statements:
            reader.execute(sql.SQL(statement).format(database=database))


def told(warehouse: Settings) -> list[tuple[Any, ...]]:
    """Return what the places for people say of altered logins, after a look at the installation."""
    apply_state(warehouse)
    measure_all(warehouse)
    said = "select subject, what from state.problem where problem_code = 'logins'"
    return ask(warehouse, said, login="oic_gate")


def test_what_a_shared_login_alters_of_itself_is_set_back_and_told(warehouse: Settings) -> None:
    begins = "select setconfig from pg_db_role_setting where setrole = 'bi_reader'::regrole"
    declared = ask(warehouse, begins)
    alter_as_a_reader(
        warehouse,
        "alter role current_user reset all",
        "alter role current_user set timezone = 'Pacific/Kiritimati'",
        "alter role current_user set statement_timeout = '1ms'",
        "alter role current_user set search_path = 'jane_doe'",
        "alter role current_user set application_name = 'Jane Doe'",
        "alter role current_user in database {database} set datestyle = 'German'",
        "alter role current_user in database {database} set default_transaction_read_only = off",
        "alter role current_user in database {database} set timezone = '<JANE>-5'",
        "alter role current_user password 'another'",
    )
    ((subject, what),) = told(warehouse)
    assert subject == "bi_reader"
    assert what.startswith("the login 'bi_reader' is not as declared: ")
    migrate(warehouse)
    assert [sorted(one) for (one,) in ask(warehouse, begins)] == [sorted(declared[0][0])]
    psycopg.connect(url(warehouse, "bi")).close()
    # It is told after it was set back too.
    ((subject, what),) = told(warehouse)
    assert subject == "bi_reader"
    for part in (
        "the login 'bi_reader' was not as declared, and was set back: another password",
        "TimeZone set to Pacific/Kiritimati",
        "statement_timeout 1ms instead of 5min",
        "default_transaction_read_only not set",
        "default_transaction_read_only set to off in this database",
        "DateStyle set in this database",
        "TimeZone set in this database",
        "search_path another than marts",
        "application_name set",
    ):
        assert part in what
    entered = "select what from audit.processing_log where 'login:bi_reader' = any (concerns)"
    assert {one.partition(": ")[0] for (one,) in ask(warehouse, entered)} == {
        what.partition(": ")[0]
    }
    assert "jane" not in f"{what} {ask(warehouse, entered)}".lower()
    # The next start finds nothing, and after a day nothing is told any more.
    migrate(warehouse)
    assert len(ask(warehouse, entered)) == 2
    ask(warehouse, "update audit.processing_log set logged_at = logged_at - interval '27 hours'")
    assert told(warehouse) == []


def test_a_killed_start_tells_of_an_altered_login_next_time(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    alter_as_a_reader(warehouse, "alter role current_user set timezone = 'Asia/Tokyo'")
    with monkeypatch.context() as patch:
        patch.setattr("oic_assurance.warehouse.logins.enter", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            migrate(warehouse)
    migrate(warehouse)
    ((_, what),) = told(warehouse)
    assert what.endswith("set back: TimeZone set to Asia/Tokyo")


def test_a_new_warehouse_has_no_altered_login(
    empty_warehouse: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    migrate(empty_warehouse)
    assert "not as declared" not in caplog.text
    assert told(empty_warehouse) == []


def test_on_another_server_an_administrator_closes_once_and_the_start_says_so(
    warehouse: Settings,
) -> None:
    with (
        administrator(warehouse, autocommit=True) as superuser,
        connect(warehouse, autocommit=True) as owner,
    ):
        superuser.execute("grant execute on function pg_stat_get_live_tuples(oid) to public")
        superuser.execute("revoke select on pg_roles from oic_audience")
        with pytest.raises(ServerError, match="hardening-sql") as refusal:
            close(owner)
        assert "\n" not in refusal.value.message
        # An administrator runs the script without the line that only psql understands.
        script = hardening_sql(warehouse).partition("\n")[2]
        superuser.execute(script.encode())
        close(owner)
        # After the script, the owner itself can grant the missing right again. A later migration
        # that adds a role needs this.
        superuser.execute("revoke select on pg_roles from oic_audience")
        close(owner)
        assert needed_statements(owner) == []
