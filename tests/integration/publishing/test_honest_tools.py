"""What common tools ask when a reader connects and looks around: it works, or fails as documented.

DBeaver, pgAdmin and Metabase cannot run here. Each statement names the same relations, columns and
functions as theirs does, and the server decides by these whether it is permitted. They were taken
from `PostgreDatabase` and `PostgreSchema` (DBeaver), `connection.py` and the templates for tables,
views and the dashboard (pgAdmin 4), and `postgres.clj` (Metabase). `psql` and `pg_dump` run
themselves.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import url
from oic_assurance.warehouse.programs import client_program
from tests.databases import Prepared, administrator
from tests.integration.publishing.limited_readers import Connect, logins, two_publications

LIMITED, EVERYTHING = "inspector_one", "bi_reader"
PAGE = Path(__file__).parents[3] / "docs/bi/README.md"

NO_CLASS = "permission denied for table pg_class"
NO_ROLES = "permission denied for view pg_roles"
NO_SIZE = "permission denied for function pg_table_size"
#: What each tool asks, and the error that a limited login gets, or None. `bi_reader` gets none.
#: {schema}, {table} and {view} stand for what the login reads.
ASKED: dict[str, tuple[str, str | None]] = {
    "DBeaver: schemas": (
        "select n.oid, n.*, d.description from pg_catalog.pg_namespace as n "
        "left join pg_catalog.pg_description as d on d.objoid = n.oid",
        None,
    ),
    "DBeaver: tables and views": (
        "select c.oid, c.*, (select array_agg(i.inhparent) from pg_catalog.pg_inherits as i "
        "where i.inhrelid = c.oid) from pg_catalog.pg_class as c "
        "where c.relnamespace = '{schema}'::regnamespace",
        NO_CLASS,
    ),
    "DBeaver: columns": (
        "select c.relname, a.*, pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) "
        "from pg_catalog.pg_attribute as a "
        "inner join pg_catalog.pg_class as c on a.attrelid = c.oid "
        "left join pg_catalog.pg_attrdef as d on a.attrelid = d.adrelid and a.attnum = d.adnum "
        "where c.oid = '{table}'::regclass",
        None,
    ),
    "DBeaver: keys": (
        "select c.oid, c.*, t.relname, r.relnamespace from pg_catalog.pg_constraint as c "
        "inner join pg_catalog.pg_class as t on t.oid = c.conrelid "
        "left join pg_catalog.pg_class as r on r.oid = c.confrelid "
        "where t.relnamespace = '{schema}'::regnamespace",
        None,
    ),
    "DBeaver: indexes": (
        "select i.*, c.relname, c.relam, pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) "
        "from pg_catalog.pg_index as i inner join pg_catalog.pg_class as c "
        "on c.oid = i.indexrelid where i.indrelid = '{table}'::regclass",
        None,
    ),
    "DBeaver: functions": (
        "select p.oid, p.* from pg_catalog.pg_proc as p "
        "where p.pronamespace = '{schema}'::regnamespace",
        None,
    ),
    "DBeaver: roles": ("select a.oid, a.* from pg_catalog.pg_roles as a", NO_ROLES),
    "DBeaver: rows": ("select x.* from {table} as x limit 200", None),
    "pgAdmin: connecting": (
        "select db.oid, db.datallowconn, pg_encoding_to_char(db.encoding), "
        "has_database_privilege(db.oid, 'CREATE'), set_config('bytea_output', 'hex', false) "
        "from pg_catalog.pg_database as db where db.datname = current_database()",
        None,
    ),
    "pgAdmin: encryption": (
        "select gss_authenticated, encrypted from pg_catalog.pg_stat_gssapi "
        "where pid = pg_backend_pid()",
        "permission denied for view pg_stat_gssapi",
    ),
    "pgAdmin: own rights": (
        "select r.oid, r.rolsuper from pg_catalog.pg_roles as r where rolname = current_user",
        NO_ROLES,
    ),
    "pgAdmin: dashboard": (
        "select count(*) from pg_stat_activity",
        "permission denied for view pg_stat_activity",
    ),
    "pgAdmin: schemas": (
        "select n.oid, pg_catalog.has_schema_privilege(n.oid, 'USAGE') "
        "from pg_catalog.pg_namespace as n",
        None,
    ),
    "pgAdmin: tables": (
        "select c.oid, c.relname, c.relkind, "
        "(select count(*) from pg_trigger where tgrelid = c.oid), "
        "(select count(*) from pg_inherits where inhrelid = c.oid) from pg_class as c "
        "where c.relnamespace = '{schema}'::regnamespace and not c.relispartition",
        None,
    ),
    "pgAdmin: properties of a table": (
        "select c.relacl, pg_get_userbyid(c.relowner), c.reltuples::bigint, c.reloptions "
        "from pg_class as c where c.oid = '{table}'::regclass",
        NO_CLASS,
    ),
    "pgAdmin: properties of a view": (
        "select c.oid, c.xmin, c.relacl, pg_catalog.pg_get_viewdef(c.oid, true) "
        "from pg_catalog.pg_class as c where c.oid = '{view}'::regclass",
        NO_CLASS,
    ),
    "pgAdmin: statistics": (
        "select st.relname, pg_catalog.pg_relation_size(st.relid), n_live_tup "
        "from pg_catalog.pg_stat_all_tables as st where schemaname = '{schema}'",
        "permission denied for view pg_stat_all_tables",
    ),
    "Metabase: tables": (
        "select n.nspname, c.relname, c.relkind, s.n_live_tup from pg_catalog.pg_class as c "
        "inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid "
        "left join pg_stat_user_tables as s on c.relname = s.relname "
        "where n.nspname = '{schema}'",
        "permission denied for view pg_stat_user_tables",
    ),
    "Metabase: rights": (
        "select pg_catalog.has_any_column_privilege(current_user, '{table}', 'select') "
        "from pg_catalog.pg_tables as t, pg_catalog.pg_views as v "
        "where pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage')",
        "permission denied for function has_schema_privilege",
    ),
    "Metabase: columns": (
        "select c.column_name, c.udt_name, k.column_name, col_description('{table}'::regclass, "
        "c.ordinal_position) from information_schema.columns as c "
        "left join information_schema.key_column_usage as k on k.table_name = c.table_name "
        "left join information_schema.table_constraints as t "
        "on t.constraint_name = k.constraint_name where c.table_schema = '{schema}'",
        None,
    ),
    "Metabase: foreign keys": (
        "select f.relname, a.attname, p.relname from pg_constraint as c "
        "inner join pg_class as f on c.conrelid = f.oid "
        "inner join pg_class as p on c.confrelid = p.oid "
        "inner join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)",
        None,
    ),
    "tools that ask information_schema": (
        "select table_name from information_schema.tables where table_schema = '{schema}'",
        None,
    ),
}
#: The commands of psql that look at tables, and the error that a limited login gets, or None.
PSQL: dict[str, str | None] = {
    r"\conninfo": None,
    r"\l": None,
    r"\dn+": None,
    r"\d": None,
    r"\d {table}": None,
    r"\d+ {table}": None,
    r"\dv {schema}.*": None,
    r"\df {schema}.*": None,
    r"\sv {view}": None,
    "table {table} limit 1": None,
    r"\d+ marts.assurance_exception": NO_ROLES,
    r"\dt+ {schema}.*": NO_SIZE,
    r"\dv+ {schema}.*": NO_SIZE,
    r"\dp {schema}.*": NO_ROLES,
    r"\du": NO_ROLES,
    r"\l+": "permission denied for function pg_database_size",
}


@pytest.fixture(scope="module")
def warehouse(prepared: Prepared) -> Iterator[Settings]:
    with two_publications(prepared) as published:
        yield published


@pytest.fixture(scope="module")
def log_in(warehouse: Settings) -> Iterator[Connect]:
    with logins(warehouse) as connection:
        yield connection


@pytest.fixture(scope="module", params=(EVERYTHING, LIMITED))
def reader(
    request: pytest.FixtureRequest, warehouse: Settings, log_in: Connect
) -> Iterator[psycopg.Connection]:
    if request.param == LIMITED:
        with log_in(LIMITED) as connection:
            yield connection
    else:
        with psycopg.connect(url(warehouse, "bi"), autocommit=True) as connection:
            yield connection


def filled(text: str, reader: psycopg.Connection) -> str:
    """Put the names of what a login reads into a statement."""
    schema, view = (
        ("limited", "limited.assurance_exception")
        if reader.info.user == LIMITED
        else ("marts", "marts.sign_off")
    )
    return text.format(schema=schema, table=f"{schema}.assurance_exception", view=view)


def program(
    warehouse: Settings, reader: psycopg.Connection, name: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a client program of PostgreSQL as a login.

    A login may have few sessions, and that of the program before ends after the program.
    """
    others = "select from pg_stat_activity where usename = %s and pid <> %s"
    itself = reader.info.user, reader.info.backend_pid
    deadline = time.monotonic() + 30
    with administrator(warehouse, autocommit=True) as server:
        while server.execute(others, itself).fetchall() and time.monotonic() < deadline:
            time.sleep(0.01)
    address = make_conninfo(**reader.info.get_parameters())
    return subprocess.run(
        [client_program(warehouse, name), *arguments, f"--dbname={address}"],
        env={**os.environ, "PGPASSWORD": reader.info.password, "PSQL_PAGER": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def documented(error: str) -> bool:
    """Tell whether the page about tools quotes an error, as code."""
    return f"`{error}`" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("question", ASKED)
def test_what_a_tool_asks_is_answered_or_documented(
    reader: psycopg.Connection, question: str
) -> None:
    statement, error = ASKED[question]
    if error is None or reader.info.user != LIMITED:
        assert reader.execute(filled(statement, reader).encode()).description
        return
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
        reader.execute(filled(statement, reader).encode())
    assert refusal.value.diag.message_primary == error
    assert documented(error)


def test_what_psql_asks_is_answered_or_documented(
    warehouse: Settings, reader: psycopg.Connection, subtests: pytest.Subtests
) -> None:
    for command, error in PSQL.items():
        with subtests.test(command):
            done = program(
                warehouse, reader, "psql", "--no-psqlrc", f"--command={filled(command, reader)}"
            )
            if error is None or reader.info.user != LIMITED:
                assert (done.returncode, done.stderr) == (0, "")
                assert done.stdout
            else:
                assert done.stderr == f"ERROR:  {error}\n"
                assert documented(error)


def test_pg_dump_writes_what_marts_are_and_no_row(
    warehouse: Settings, reader: psycopg.Connection
) -> None:
    """The rows are in the tables of the publications, in a schema that no reader may use."""
    done = program(warehouse, reader, "pg_dump", "--schema=marts", "--no-password")
    if reader.info.user == LIMITED:
        assert f"ERROR:  {NO_ROLES}\n" in done.stderr
        assert documented(NO_ROLES)
        return
    assert (done.returncode, done.stderr) == (0, "")
    assert "CREATE TABLE marts.assurance_exception (" in done.stdout
    assert "COPY marts.assurance_exception" not in done.stdout
    query = "table marts.dim_org_unit"
    copied = program(
        warehouse, reader, "psql", "--no-psqlrc", rf"--command=\copy ({query}) to stdout"
    )
    assert len(copied.stdout.splitlines()) == len(reader.execute(query.encode()).fetchall())
