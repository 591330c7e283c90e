"""The privileges of the roles for stages, for people with a purpose, and for readers.

A stage may do only its own work, a person may read only what a purpose needs, and a reader may read
only marts.
"""

import psycopg
import pytest

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect, url
from tests.databases import administrator
from tests.integration.asking import ask
from tests.integration.warehouse.stage_roles import DENIED, STAGES, may, run_as


def test_nothing_is_granted_to_public(fresh_warehouse: Settings) -> None:
    with administrator(fresh_warehouse) as connection:
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


def test_raw_tables_are_read_by_stages_and_for_their_purpose(fresh_warehouse: Settings) -> None:
    """A purpose reads its own raw tables, and can only add to the log."""
    people, events = "raw_general.personnel", "raw_law_enforcement.occurrence"
    run_as(
        fresh_warehouse,
        "oic_landing",
        f"create table {people} (employee_no text)",
        f"create table {events} (occurrence_id bigint)",
    )
    purposes = {"general_processing": people, "law_enforcement_processing": events}
    for role in (*STAGES, *purposes):
        readable = {
            one for one in (people, events) if may(fresh_warehouse, role, f"select * from {one}")
        }
        assert readable == ({purposes[role]} if role in purposes else {people, events})
    for role in ("oic_transform", "oic_gate"):
        assert not may(fresh_warehouse, role, f"delete from {people}")
    for role, own in purposes.items():
        log = "select audit.enter_processing('consultation', 'one record')"
        assert may(fresh_warehouse, role, log)
        for statement in (
            f"delete from {own}",
            "select * from audit.processing_log",
            f"insert into audit.processing_log {EVIDENCE['processing_log']}",
            "delete from audit.processing_log",
            "select * from audit.seal_processing()",
            "select * from audit.batch",
            "select * from identity.pseudonym",
        ):
            assert not may(fresh_warehouse, role, statement)


def test_an_erasure_may_check_archived_rows_as_landing_did(fresh_warehouse: Settings) -> None:
    unusable = ask(
        fresh_warehouse,
        """
        select f.oid::regprocedure::text
        from pg_proc as f
        where
            f.pronamespace = 'landing'::regnamespace
            and has_function_privilege('oic_landing', f.oid, 'execute')
            and not has_function_privilege('oic_erasure', f.oid, 'execute')
        """,
    )
    assert unusable == []


def test_the_gate_reads_tables_of_transform_in_every_schema(
    fresh_warehouse: Settings,
) -> None:
    run_as(fresh_warehouse, "oic_transform", "create schema reproduce_candidate")
    for place in ("staging_general.stg_hr", "reproduce_candidate.fct", "policy.parameter"):
        run_as(fresh_warehouse, "oic_transform", f"create table {place} (n int)")
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
        "(batch_id, dataset, table_name, reasons)"
        " values (1, 'hr/personnel', 'personnel', '{reason}')"
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
    "due_check": "(build_id, stage, suite, expectation) values (1, 'marts', 's', 'e')",
    "approval": (
        "(build_id, is_approved, who, login, reason, through, content_fingerprint) "
        "values (1, true, 'w', 'l', 'r', 'airflow', '')"
    ),
    "tested_table": (
        "(build_id, schema_name, table_name, rows, fingerprint) values (1, 'candidate', 't', 0, '')"
    ),
    "deadline_position": "(force_code, point_code, as_at) values ('E23000022', 'HYDRA', now())",
    "exception_event": (
        "(publication_id, force_code, exception_key, as_at, is_open, exception_code, point_code, "
        "record_ref, org_unit_code, opened_at) values "
        "(1, 'E23000022', 'k', now(), true, 'c', 'HYDRA', 'r', 'ALL', now())"
    ),
    "processing_log": "(action, what, entry_hash) values ('collection', 'personnel', '')",
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
        ("due_check", {"oic_transform", "oic_gate", "oic_publish"}),
        ("tested_table", {"oic_transform", "oic_publish"}),
        ("approval", {"oic_publish"}),
        ("deadline_position", {"oic_transform", "oic_publish"}),
        ("exception_event", {"oic_publish"}),
        ("processing_log", set()),
    ],
)
def test_stages_add_evidence_and_cannot_delete_it(
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
        ("oic_landing", "delete from audit.replayed_row", False),
        ("oic_erasure", "delete from audit.replayed_row", True),
        ("oic_erasure", "update audit.rejected_row set row_key = null, content = null", True),
        ("oic_erasure", "update audit.rejected_row set reasons = '{}'", False),
        ("oic_erasure", "delete from audit.exception_event", True),
        ("oic_erasure", "update audit.exception_event set is_open = false", False),
        ("oic_erasure", "delete from audit.batch", False),
        ("oic_erasure", "delete from audit.processing_log", False),
        ("oic_gate", "update audit.expectation_result set success = true", False),
        ("oic_gate", "select * from identity.pseudonym", False),
        ("oic_transform", "select * from identity.pseudonym", True),
        (
            "oic_transform",
            "insert into identity.pseudonym values ('f', 'collar_no', '1', 'k', 1)",
            False,
        ),
        (
            "oic_landing",
            "insert into identity.pseudonym values ('f', 'collar_no', '1', 'k', 1)",
            True,
        ),
        ("oic_landing", "update identity.pseudonym set officer_key = 'k'", False),
        ("oic_landing", "update audit.pseudonym_key set is_current = false", False),
        ("oic_rekey", "update identity.pseudonym set officer_key = 'k', key_version = 1", True),
        ("oic_rekey", "update identity.pseudonym set identifier = '1'", False),
        ("oic_rekey", "delete from identity.pseudonym", False),
        ("oic_rekey", "update audit.processing_log set what = ''", False),
        ("oic_rekey", "update audit.rekeyed_table set fingerprint_after = ''", False),
        ("oic_landing", "select * from identity.key_change", False),
        ("oic_publish", "select * from identity.key_change", False),
        ("oic_erasure", "select * from identity.key_change", False),
        ("oic_transform", "select * from identity.key_change", False),
        ("oic_gate", "select * from identity.key_change", False),
        ("oic_transform", "update audit.deadline_position set value = 1", False),
        ("oic_publish", "update marts.publication set is_current = false", True),
        ("oic_transform", "update marts.publication set is_current = false", False),
        ("oic_gate", "select * from marts.publication", True),
        ("oic_landing", "select * from marts.publication", False),
        ("oic_landing", "select nextval('audit.batch_batch_id_seq')", True),
    ],
)
def test_each_role_may_do_only_its_own_work(
    fresh_warehouse: Settings, role: str, statement: str, allowed: bool
) -> None:
    assert may(fresh_warehouse, role, statement) is allowed


def test_a_batch_can_be_recorded_after_its_rejected_rows(fresh_warehouse: Settings) -> None:
    with connect(fresh_warehouse, role="oic_landing") as connection:
        connection.execute(f"insert into audit.rejected_row {EVIDENCE['rejected_row']}".encode())
        connection.execute(f"insert into audit.batch {EVIDENCE['batch']}".encode())
        connection.commit()
        connection.execute(
            "insert into audit.rejected_row (batch_id, dataset, table_name, reasons) "
            "values (99, 'd', 't', '{reason}')"
        )
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.commit()


def test_a_generation_moves_from_the_candidate_to_the_readers(fresh_warehouse: Settings) -> None:
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
        ("bi", "public_draft.assurance_period"),
        ("bi", "audit.release"),
    ):
        with psycopg.connect(url(fresh_warehouse, name)) as reader, pytest.raises(DENIED):
            reader.execute(f"select * from {place}".encode())


def test_only_one_publication_is_current(fresh_warehouse: Settings) -> None:
    insert = (
        "insert into marts.publication "
        "(publication_id, force_code, as_at, gate_verdict, is_current) values "
        "({}, 'E23000022', now(), 'passed', true)"
    )
    run_as(fresh_warehouse, "oic_publish", insert.format(1))
    with pytest.raises(psycopg.errors.UniqueViolation):
        run_as(fresh_warehouse, "oic_publish", insert.format(2))


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
    latest = ask(fresh_warehouse, "select success from audit.latest_expectation_result")
    assert latest == [(True,)]
