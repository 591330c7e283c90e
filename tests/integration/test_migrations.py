"""Migrations on real databases: applied once, by one at a time, granting what stages need."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import admin_url, connect, url, warehouse_url
from oic_assurance.warehouse.migrate import known_migrations, migrate

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


def test_a_fresh_migration_is_quick_and_a_second_does_nothing(empty_warehouse: Settings) -> None:
    begun = time.monotonic()
    applied = migrate(empty_warehouse)
    assert time.monotonic() - begun < 2
    assert applied == [migration.name for migration in known_migrations()]
    assert migrate(empty_warehouse) == []
    with connect(empty_warehouse) as connection:
        recorded = connection.execute(
            "select name, checksum from audit.schema_migration order by number"
        ).fetchall()
    assert recorded == [(migration.name, migration.checksum) for migration in known_migrations()]


def test_two_migrations_at_once_apply_each_file_once(empty_warehouse: Settings) -> None:
    results: list[list[str] | Exception] = []

    def run() -> None:
        try:
            results.append(migrate(empty_warehouse))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, results)) == [0, 0, len(known_migrations())]  # type: ignore[arg-type]


def test_a_migration_that_was_changed_is_refused(fresh_warehouse: Settings) -> None:
    with connect(fresh_warehouse) as connection:
        connection.execute("update audit.schema_migration set checksum = 'x' where number = 3")
    with pytest.raises(ServerError, match=r"0003_audit_landing\.sql was changed after"):
        migrate(fresh_warehouse)


def test_a_warehouse_that_is_newer_than_the_code_is_refused(fresh_warehouse: Settings) -> None:
    with connect(fresh_warehouse) as connection:
        connection.execute(
            "insert into audit.schema_migration values (9999, '9999_tomorrow.sql', 'x')"
        )
    with pytest.raises(ServerError, match="newer than this code: it has migration 9999_tomorrow"):
        migrate(fresh_warehouse)


@pytest.fixture
def stranger(
    empty_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[psycopg.Connection]:
    """Point the warehouse to a login that owns nothing; return the administrator's connection."""
    place = conninfo_to_dict(warehouse_url(empty_warehouse))
    changed = place | {"user": "stranger", "password": "stranger"}
    with psycopg.connect(admin_url(empty_warehouse), autocommit=True) as administrator:
        administrator.execute("create role stranger login password 'stranger'")
        database = sql.Identifier(str(place["dbname"]))
        administrator.execute(sql.SQL("grant connect on database {} to stranger").format(database))
        monkeypatch.setenv(
            "AIRFLOW_CONN_WAREHOUSE",
            libpq_uri({key: str(value) for key, value in changed.items()}),
        )
        yield administrator
        administrator.execute(
            sql.SQL("alter database {} owner to warehouse_owner").format(database)
        )
        with psycopg.connect(admin_url(empty_warehouse, str(place["dbname"]))) as inside:
            inside.execute("drop owned by stranger cascade")
        administrator.execute("drop role stranger")


def test_a_login_that_does_not_own_the_database_is_refused(
    empty_warehouse: Settings, stranger: psycopg.Connection
) -> None:
    with pytest.raises(ServerError, match="'stranger' does not own the warehouse database"):
        migrate(empty_warehouse)


def test_roles_of_another_warehouse_are_used_only_where_they_were_granted(
    empty_warehouse: Settings, stranger: psycopg.Connection
) -> None:
    database = str(conninfo_to_dict(warehouse_url(empty_warehouse))["dbname"])
    stranger.execute(
        sql.SQL("alter database {} owner to stranger").format(sql.Identifier(database))
    )
    with pytest.raises(ServerError, match=r"0001_roles.sql failed: permission denied to grant"):
        migrate(empty_warehouse)


def test_readers_log_in_read_only_and_see_one_snapshot(fresh_warehouse: Settings) -> None:
    for name, schema in (("bi", "marts"), ("public", "public_release")):
        with psycopg.connect(url(fresh_warehouse, name)) as reader:
            shown = [
                reader.execute(f"show {setting}".encode()).fetchone()
                for setting in ("transaction_read_only", "transaction_isolation", "search_path")
            ]
        assert shown == [("on",), ("repeatable read",), (schema,)]


def test_a_readers_lost_password_is_set_again(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(admin_url(fresh_warehouse), autocommit=True) as administrator:
        administrator.execute("alter role bi_reader password 'forgotten'")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url(fresh_warehouse, "bi"))
    assert migrate(fresh_warehouse) == []
    psycopg.connect(url(fresh_warehouse, "bi")).close()


def test_every_table_and_schema_says_what_it_is(fresh_warehouse: Settings) -> None:
    with connect(fresh_warehouse) as connection:
        silent = connection.execute(
            """
            select n.nspname, c.relname
            from pg_class as c
            inner join pg_namespace as n on c.relnamespace = n.oid
            where c.relkind in ('r', 'p', 'v') and n.nspname !~ '^pg_|^information_schema$'
                and obj_description(c.oid, 'pg_class') is null
            union all
            select nspname, null
            from pg_namespace
            where nspname !~ '^pg_|^information_schema$'
                and obj_description(oid, 'pg_namespace') is null
            """
        ).fetchall()
    assert silent == []


def test_nothing_is_granted_to_everybody(fresh_warehouse: Settings) -> None:
    with connect(fresh_warehouse) as connection:
        granted = connection.execute(
            """
            with held as (
                select 'table ' || relname as what, relacl as acl from pg_class
                where relnamespace::regnamespace::text !~ '^pg_|^information_schema$'
                union all
                select 'schema ' || nspname, nspacl from pg_namespace
                where nspname !~ '^pg_|^information_schema$'
                union all
                select 'database', datacl from pg_database where datname = current_database()
                union all
                select 'function ' || proname, coalesce(proacl, acldefault('f', proowner))
                from pg_proc where pronamespace::regnamespace::text !~ '^pg_|^information_schema$'
            )
            select what from held, aclexplode(acl) as grants where grants.grantee = 0
            """
        ).fetchall()
    assert granted == []


def test_tables_that_landing_makes_are_read_by_whom_they_are_for(fresh_warehouse: Settings) -> None:
    run_as(
        fresh_warehouse,
        "oic_landing",
        "create table raw_general.personnel (employee_no text)",
        "create table raw_law_enforcement.occurrence (occurrence_id bigint)",
    )
    people = "select * from raw_general.personnel"
    events = "select * from raw_law_enforcement.occurrence"
    readers = (*STAGES, "general_processing", "law_enforcement_processing")
    with psycopg.connect(admin_url(fresh_warehouse), autocommit=True) as administrator:
        administrator.execute(
            "grant general_processing, law_enforcement_processing to warehouse_owner with set true"
        )
    seen = {
        role: (may(fresh_warehouse, role, people), may(fresh_warehouse, role, events))
        for role in readers
    }
    assert seen == {
        "oic_landing": (True, True),
        "oic_transform": (True, True),
        "oic_gate": (True, True),
        "oic_publish": (True, True),
        "general_processing": (True, False),
        "law_enforcement_processing": (False, True),
    }
    assert not may(fresh_warehouse, "oic_transform", "delete from raw_general.personnel")
    assert not may(fresh_warehouse, "oic_gate", "delete from raw_general.personnel")


def test_what_transform_builds_is_read_by_the_gate_wherever_it_is(
    fresh_warehouse: Settings,
) -> None:
    run_as(
        fresh_warehouse,
        "oic_transform",
        "create schema if not exists staging_general",
        "create table staging_general.stg_hr__personnel (employee_no text)",
        "create schema reproduce_candidate",
        "create table reproduce_candidate.fct (n int)",
        "create table policy.parameter (n int)",
    )
    for place in (
        "staging_general.stg_hr__personnel",
        "reproduce_candidate.fct",
        "policy.parameter",
    ):
        assert may(fresh_warehouse, "oic_gate", f"select * from {place}")
        assert may(fresh_warehouse, "oic_publish", f"drop table {place}")
        assert not may(fresh_warehouse, "oic_landing", f"select * from {place}")
        assert not may(fresh_warehouse, "oic_gate", f"delete from {place}")
    for role in ("oic_landing", "oic_gate", "oic_publish"):
        assert may(fresh_warehouse, role, "create temporary table t (n int)")
    assert not may(fresh_warehouse, "oic_gate", "create schema elsewhere")


EVIDENCE = {
    "run": "(run_id, as_at) values ('r', now())",
    "extraction": "(run_id, force_code, dataset) values ('r', 'E23000022', 'rms/occurrence')",
    "batch": (
        "(run_id, force_code, dataset, source_place, kind, delivered_for, status) "
        "values ('r', 'E23000022', 'rms/occurrence', 'x', 'database', now(), 'landed')"
    ),
    "rejected_row": (
        "(batch_id, dataset, table_name, reasons) values (1, 'hr/personnel', 'personnel', '{why}')"
    ),
    "source_cursor": "(force_code, dataset) values ('E23000022', 'rms/occurrence')",
    "build": "(run_id, as_at, known_batch_id, purpose) values ('r', now(), 1, 'daily')",
    "expectation_result": (
        "(build_id, stage, suite, expectation, severity, success) "
        "values (1, 'marts', 's', 'e', 'critical', true)"
    ),
    "gate": (
        "(build_id, stage, verdict, suites, expectations, failed) "
        "values (1, 'marts', 'passed', 1, 1, 0)"
    ),
    "table_fingerprint": (
        "(build_id, schema_name, table_name, rows, fingerprint) values (1, 'candidate', 't', 0, '')"
    ),
    "deadline_position": "(force_code, point_code, as_at) values ('E23000022', 'HYDRA', now())",
    "processing_log": "(action, what) values ('collection', 'personnel')",
}


@pytest.mark.parametrize(
    ("table", "writers"),
    [
        ("run", set(STAGES)),
        ("extraction", {"oic_landing"}),
        ("batch", {"oic_landing"}),
        ("rejected_row", {"oic_landing"}),
        ("source_cursor", {"oic_landing"}),
        ("build", {"oic_transform", "oic_publish"}),
        ("expectation_result", {"oic_transform", "oic_gate", "oic_publish"}),
        ("gate", {"oic_transform", "oic_gate", "oic_publish"}),
        ("table_fingerprint", {"oic_transform", "oic_gate", "oic_publish"}),
        ("deadline_position", {"oic_transform", "oic_publish"}),
        ("processing_log", set(STAGES)),
    ],
)
def test_stages_add_evidence_and_take_none_away(
    fresh_warehouse: Settings, table: str, writers: set[str]
) -> None:
    run_as(
        fresh_warehouse,
        "oic_transform",
        f"insert into audit.build {EVIDENCE['build']}",
    )
    insert = f"insert into audit.{table} {EVIDENCE[table]}"
    assert {role for role in STAGES if may(fresh_warehouse, role, insert)} == writers
    for role in STAGES:
        assert may(fresh_warehouse, role, f"select * from audit.{table}")
        assert not may(fresh_warehouse, role, f"delete from audit.{table}")
        assert not may(fresh_warehouse, role, f"truncate audit.{table}")


@pytest.mark.parametrize(
    ("role", "statement", "allowed"),
    [
        ("oic_landing", "update audit.batch set row_count = 0", False),
        ("oic_landing", "update audit.rejected_row set status = 'replayed'", True),
        ("oic_landing", "update audit.rejected_row set reasons = '{}'", False),
        ("oic_landing", "update audit.extraction set outcome = 'failed'", True),
        ("oic_landing", "update audit.processing_log set who = 'nobody'", False),
        ("oic_gate", "update audit.expectation_result set success = true", False),
        ("oic_gate", "select * from identity.pseudonym", False),
        ("oic_transform", "select * from identity.pseudonym", True),
        (
            "oic_transform",
            "insert into identity.pseudonym values ('f', 'collar_no', '1', 'k')",
            False,
        ),
        ("oic_landing", "insert into identity.pseudonym values ('f', 'collar_no', '1', 'k')", True),
        ("oic_transform", "update audit.deadline_position set value = 1", False),
        ("oic_publish", "update marts.publication set is_current = false", True),
        ("oic_transform", "update marts.publication set is_current = false", False),
        ("oic_gate", "select * from marts.publication", True),
        ("oic_landing", "select * from marts.publication", False),
        ("oic_landing", "select nextval('audit.batch_batch_id_seq')", True),
    ],
)
def test_each_stage_does_its_own_work_only(
    fresh_warehouse: Settings, role: str, statement: str, allowed: bool
) -> None:
    assert may(fresh_warehouse, role, statement) is allowed


def test_a_batch_is_entered_after_the_rows_that_it_rejected(fresh_warehouse: Settings) -> None:
    with connect(fresh_warehouse, role="oic_landing") as connection:
        connection.execute(f"insert into audit.rejected_row {EVIDENCE['rejected_row']}".encode())
        connection.execute(f"insert into audit.batch {EVIDENCE['batch']}".encode())
        connection.commit()
        connection.execute(
            "insert into audit.rejected_row (batch_id, dataset, table_name, reasons) "
            "values (99, 'd', 't', '{why}')"
        )
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.commit()


def test_a_generation_moves_from_candidate_to_what_readers_see(fresh_warehouse: Settings) -> None:
    pointer = "select publication_id from marts.publication where is_current"
    run_as(
        fresh_warehouse,
        "oic_publish",
        "create table marts.fct (publication_id bigint, n int, primary key (publication_id, n)) "
        "partition by list (publication_id)",
        "alter table marts.fct enable row level security",
        f"create policy current on marts.fct to bi_reader using (publication_id = ({pointer}))",
    )
    for generation in (1, 2):
        run_as(
            fresh_warehouse,
            "oic_transform",
            "drop schema if exists candidate cascade",
            "create schema candidate",
            "create table candidate.fct (publication_id bigint, n int)",
            f"alter table candidate.fct add constraint fct_pk_{generation} "
            "primary key (publication_id, n)",
            f"insert into candidate.fct values ({generation}, {generation} * 10)",
        )
        run_as(
            fresh_warehouse,
            "oic_publish",
            f"alter table candidate.fct rename to fct__{generation}",
            f"alter table candidate.fct__{generation} owner to oic_publish",
            f"alter table candidate.fct__{generation} set schema generation",
            f"alter table marts.fct attach partition generation.fct__{generation} "
            f"for values in ({generation})",
            "update marts.publication set is_current = false",
            "insert into marts.publication "
            "(publication_id, force_code, as_at, gate_verdict, is_current) "
            f"values ({generation}, 'E23000022', now(), 'passed', true)",
        )
        with psycopg.connect(url(fresh_warehouse, "bi")) as reader:
            assert reader.execute("select n from fct").fetchall() == [(generation * 10,)]
            assert reader.execute("select count(*) from publication").fetchone() == (generation,)
    for name, place in (
        ("bi", "generation.fct__1"),
        ("bi", "audit.run"),
        ("bi", "identity.pseudonym"),
        ("public", "marts.publication"),
    ):
        with psycopg.connect(url(fresh_warehouse, name)) as reader, pytest.raises(DENIED):
            reader.execute(f"select * from {place}".encode())


def test_one_publication_is_current(fresh_warehouse: Settings) -> None:
    insert = (
        "insert into marts.publication "
        "(publication_id, force_code, as_at, gate_verdict, is_current) values "
    )
    run_as(
        fresh_warehouse,
        "oic_publish",
        f"{insert} (1, 'E23000022', now(), 'passed', true)",
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        run_as(
            fresh_warehouse,
            "oic_publish",
            f"{insert} (2, 'E23000022', now(), 'passed', true)",
        )


def test_a_repeated_check_counts_once(fresh_warehouse: Settings) -> None:
    run_as(fresh_warehouse, "oic_transform", f"insert into audit.build {EVIDENCE['build']}")
    columns = "(build_id, stage, suite, expectation, severity, success)"
    for success in ("false", "true"):
        run_as(
            fresh_warehouse,
            "oic_gate",
            f"insert into audit.expectation_result {columns} "
            f"values (1, 'marts', 's', 'e', 'critical', {success})",
        )
    with connect(fresh_warehouse) as connection:
        latest = connection.execute(
            "select success from audit.latest_expectation_result"
        ).fetchall()
    assert latest == [(True,)]
