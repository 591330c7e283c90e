"""The login `bi` may read the current publication and released figures, and nothing else."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.databases import Prepared
from tests.integration.asking import ask
from tests.integration.publishing.marts import as_reader, published

_OURS = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'"
_RELATIONS = f"""
select n.nspname, c.relname, c.relkind::text
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and {_OURS}
"""
_FUNCTIONS = f"""
select n.nspname || '.' || p.proname, has_function_privilege(p.oid, 'execute')
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
where {_OURS}
"""


def fill_every_schema(settings: Settings) -> None:
    published(settings)
    published(settings)
    with connect(settings, role="oic_landing") as conn:
        conn.execute("create table raw_general.personnel (employee_no text)")
        conn.execute("create table raw_law_enforcement.occurrence (occurrence_ref text)")
    with connect(settings, role="oic_transform") as conn:
        for schema in ("policy", "staging_general", "staging_law_enforcement", "intermediate"):
            conn.execute(f"create table {schema}.something (code text)")
            conn.execute(f"create view {schema}.looks_at_it as select * from {schema}.something")


@pytest.fixture
def warehouse(prepared: Prepared) -> Iterator[Settings]:
    """A warehouse with two publications, and a table in every schema that a run fills."""
    with prepared.copy(fill_every_schema) as settings:
        yield settings


def test_a_reader_reads_its_schema_and_no_other(warehouse: Settings) -> None:
    readable, refused = set(), set()
    with as_reader(warehouse, "bi", autocommit=True) as reader:
        for schema, relation, _ in reader.execute(_RELATIONS).fetchall():
            try:
                reader.execute(
                    sql.SQL("select * from {} limit 1").format(sql.Identifier(schema, relation))
                )
                readable.add(schema)
            except psycopg.errors.InsufficientPrivilege:
                refused.add(schema)
    # In schema `state`, a reader sees what a problem is called.
    assert readable == {"marts", "public_release", "state"}
    assert refused >= {
        "raw_general", "raw_law_enforcement", "audit", "identity", "policy", "staging_general",
        "staging_law_enforcement", "intermediate", "generation", "public_draft",
    }  # fmt: skip


def test_a_reader_sees_the_current_generation_in_every_table(warehouse: Settings) -> None:
    with as_reader(warehouse, "bi") as reader:
        tables = reader.execute(
            "select tablename from pg_tables where schemaname = 'marts' and tablename <> "
            "'publication'"
        ).fetchall()
        assert tables
        for (table,) in tables:
            # A query for another publication by its number gives no rows.
            seen = reader.execute(
                sql.SQL(
                    "select min(publication_id), max(publication_id), count(*), "
                    "count(*) filter (where publication_id = 1) from {}"
                ).format(sql.Identifier("marts", table))
            ).fetchone()
            assert seen == (2, 2, 10, 0)
        seen_too = reader.execute("select publication_id, is_current from marts.publication")
        assert sorted(seen_too.fetchall()) == [(1, False), (2, True)]


def test_a_reader_may_call_only_what_its_policy_and_dashboards_need(warehouse: Settings) -> None:
    functions = ask(warehouse, _FUNCTIONS, login="bi_reader")
    assert {function for function, may in functions if may} == {
        "limited.is_limited",
        "state.london",
        "state.missing_tables",
        "state.problems_for_readers",
    }


def test_no_reader_sees_what_could_be_released(warehouse: Settings) -> None:
    """A publication changes nothing in `public_release`, and no reader sees `public_draft`."""
    with as_reader(warehouse, "bi", autocommit=True) as reader:
        for table in ("assurance_position", "assurance_period", "assurance_measure"):
            count = reader.execute(f"select count(*) from public_release.{table}".encode())
            assert count.fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f"select 1 from public_draft.{table}".encode())


WRITING = [
    "insert into marts.assurance_position (force_code, publication_id) values ('X', 2)",
    "update marts.assurance_position set status = 'met_on_time'",
    "delete from marts.assurance_position",
    "truncate marts.assurance_position",
    "drop table marts.assurance_position",
    "alter table marts.assurance_position disable row level security",
    "drop policy current_publication on marts.assurance_position",
    "create index on marts.assurance_position (status)",
    "lock table marts.assurance_position in share mode",
    "create table marts.mine (code text)",
    "create table public.mine (code text)",
    "create temporary table mine (code text)",
    "create schema mine",
    "update marts.publication set is_current = not is_current",
    "create function marts.mine() returns int language sql as 'select 1'",
    "set role oic_publish",
    "set session authorization postgres",
    "alter role bi_reader superuser",
    "select pg_read_file('pg_hba.conf')",
    "copy marts.assurance_position to '/dev/null'",
    "select * from generation.dim_date__1",
    "insert into public_release.assurance_position select * from public_release.assurance_position",
    "delete from public_release.assurance_period",
    "update audit.release set withdrawn_at = now()",
    "select * from public_draft.assurance_period",
]


def test_a_reader_changes_nothing_even_in_a_writable_transaction(
    warehouse: Settings,
) -> None:
    with as_reader(warehouse, "bi") as reader:
        for statement in WRITING:
            reader.execute("set transaction read write")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement.encode())
            reader.rollback()


def test_a_reader_starts_read_only_and_sees_one_generation_a_transaction(
    warehouse: Settings,
) -> None:
    with as_reader(warehouse, "bi") as reader:
        assert reader.execute("show transaction_read_only").fetchone() == ("on",)
        assert reader.execute("show transaction_isolation").fetchone() == ("repeatable read",)
        rights = reader.execute(
            "select distinct privilege_type from information_schema.role_table_grants "
            "where grantee = 'bi_reader'"
        ).fetchall()
    assert rights == [("SELECT",)]
