"""Supervisors see their own units' records. The Commissioner's office sees only aggregates."""

from pathlib import Path

import psycopg
import pytest
import yaml

from oic_assurance.publishing.audiences import AGGREGATES, BY_UNIT
from oic_assurance.publishing.rollback import rollback
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url
from tests.databases import administrator
from tests.integration.publishing.limited_readers import (
    LOGINS,
    Connect,
    database_of,
    log_in,
    published_with_history,
    refused,
    rows,
    warehouse,
)
from tests.integration.publishing.marts import as_reader

__all__ = ["log_in", "warehouse"]

MODELS = Path(__file__).parents[3] / "dbt_project" / "models" / "marts"
#: Marts whose records have no unit. Only `bi_reader` may read them.
WITHHELD = {"fct_oic_incident", "fct_intelligence_report"}


def test_a_supervisor_sees_only_records_of_their_own_units(
    warehouse: Settings, log_in: Connect
) -> None:
    with as_reader(warehouse, "bi", autocommit=True) as bi:
        for login, units in list(LOGINS.items())[:2]:
            reader = log_in(login)
            for mart, column in BY_UNIT.items():
                cursor = bi.execute(f"select * from marts.{mart}")
                names = [one.name for one in cursor.description or ()]
                everything = cursor.fetchall()
                own = [row for row in everything if row[names.index(column)] in units]
                assert 0 < len(own) < len(everything)
                assert rows(reader, mart) == sorted(own)


def test_the_office_reads_no_records_and_no_officer_keys(
    warehouse: Settings, log_in: Connect
) -> None:
    office = log_in("office_reader")
    for mart in BY_UNIT:
        with refused():
            rows(office, mart, "count(*)")
        with refused():
            office.execute(f"select * from limited.read_{mart}()")
    columns = office.execute(
        "select column_name from information_schema.columns where table_schema = 'limited'"
    ).fetchall()
    assert columns
    assert not {"officer_key", "record_ref", "referral_ref", "report_urn"} & {c for (c,) in columns}


def test_a_limited_login_has_no_right_on_any_table(warehouse: Settings, log_in: Connect) -> None:
    for login in LOGINS:
        reader = log_in(login)
        readable = reader.execute(
            """
            select distinct n.nspname || case c.relkind when 'v' then '' else ' table' end
            from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'v', 'm', 'f')
                and n.nspname !~ '^pg_|^information_schema$'
                and has_schema_privilege(n.oid, 'usage')
                and has_any_column_privilege(c.oid, 'select, insert, update, references')
            """
        ).fetchall()
        assert readable == [("limited",)]
        for mart in (*AGGREGATES, *BY_UNIT, *WITHHELD):
            with refused():
                rows(reader, mart, schema="marts")


def test_records_without_a_unit_are_for_neither(log_in: Connect) -> None:
    for login in LOGINS:
        for mart in WITHHELD:
            with pytest.raises(psycopg.errors.UndefinedTable):
                rows(log_in(login), mart)


def test_views_and_functions_of_a_stronger_login_show_no_more(
    warehouse: Settings, log_in: Connect
) -> None:
    with administrator(warehouse, autocommit=True) as superuser:
        for statement in (
            "create role analyst",
            "grant bi_reader to analyst with inherit true, set true",
            "create schema analysis authorization analyst",
            "set role analyst",
            "create view analysis.everything as select * from marts.assurance_exception",
            "create function analysis.listed() returns setof marts.assurance_exception "
            "language sql security definer as 'select * from marts.assurance_exception'",
            "create view analysis.reports as select * from marts.fct_intelligence_report",
            "grant usage on schema analysis to supervisor_reader, commissioner_reader",
            "grant select on all tables in schema analysis "
            "to supervisor_reader, commissioner_reader",
            "grant execute on function analysis.listed() to supervisor_reader, commissioner_reader",
        ):
            superuser.execute(statement)
        everything = superuser.execute("select count(*) from analysis.everything").fetchone()
        assert everything == (10,)
    for login in ("inspector_one", "office_reader"):
        reader = log_in(login)
        for source in ("analysis.everything", "analysis.listed()", "analysis.reports"):
            assert reader.execute(f"select count(*) from {source}").fetchone() == (0,)
        # The mart is not even scanned, so the plan shows no row counts.
        plan = reader.execute("explain (analyze) select * from analysis.everything").fetchall()
        assert any("One-Time Filter" in line for (line,) in plan)
        scans = [line for (line,) in plan if " on assurance_exception" in line]
        assert scans
        assert all("never executed" in line for line in scans)


LEAKS = [
    "select count(*) from limited.assurance_exception where record_ref::int > 0",
    "select 1 / (case when org_unit_code = 'U4' then 0 else 1 end) "
    "from limited.assurance_exception",
    "select count(*) from limited.assurance_exception "
    "where 1 / (case when org_unit_code = 'U4' then 0 else 1 end) = 1",
    "select count(*) from limited.fct_nccu_referral "
    "where (referral_ref || ' ' || org_unit_code)::date is not null",
]


def test_no_error_message_reveals_another_units_record(
    warehouse: Settings, log_in: Connect
) -> None:
    reader = log_in("inspector_one")
    own = {str(value) for row in rows(reader, "assurance_exception") for value in row}
    own |= {str(value) for row in rows(reader, "fct_nccu_referral") for value in row}
    messages = []
    for statement in LEAKS:
        try:
            reader.execute(statement)
        except psycopg.errors.DivisionByZero:
            pytest.fail(f"a record of U4 was looked at: {statement}")
        except psycopg.errors.DataError as error:
            messages.append(str(error))
    for message in messages:
        quoted = message.split('"')[1].split()[0]
        assert quoted in own, message


ESCAPES = [
    "set role bi_reader",
    'set role "{unit}"',
    "set role supervisor_reader",
    "set role oic_audience",
    "set role oic_identity",
    "set session authorization bi_reader",
    'grant "{unit}" to inspector_one',
    "alter table marts.assurance_exception disable row level security",
    "drop policy audience on marts.assurance_exception",
    "select * from generation.assurance_exception__2",
    "select * from audit.access_change",
    "select * from identity.pseudonym",
    "select * from identity.directory",
    "create or replace function limited.own_units() returns text[] language sql as 'select null'",
    "drop view limited.assurance_exception",
    "create temporary table mine as select 1",
]


def test_a_limited_login_cannot_become_anybody_else(
    warehouse: Settings, log_in: Connect, subtests: pytest.Subtests
) -> None:
    other = f"oic_unit_{database_of(warehouse)}_{warehouse.force_code}_U2"
    for statement in (escape.format(unit=other) for escape in ESCAPES):
        with (
            subtests.test(statement),
            pytest.raises(
                (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
            ),
            # The login may have only four sessions at a time, so each session ends before the next
            # begins.
            log_in("inspector_one") as reader,
        ):
            reader.execute(statement)
    # The session's settings have no effect inside the function.
    reader = log_in("inspector_one")
    reader.execute("set row_security = off")
    assert {unit for (unit,) in rows(reader, "assurance_exception", "org_unit_code")} == {"U1"}


def test_limits_hold_for_the_next_publication_and_after_a_roll_back(
    warehouse: Settings, log_in: Connect
) -> None:
    reader = log_in("inspector_one")
    third = published_with_history(warehouse, salt="third")
    for publication_id in (third, 1):
        rollback(warehouse, publication_id, "to see it again")
        shown = rows(reader, "assurance_exception", "publication_id, org_unit_code")
        assert shown == [(publication_id, "U1")] * 2


def test_the_same_unit_of_another_warehouse_on_the_server_is_not_shown(
    warehouse: Settings, log_in: Connect
) -> None:
    with psycopg.connect(admin_url(warehouse), autocommit=True) as administrator:
        administrator.execute("create role oic_unit_elsewhere_E23000022_U2")
        try:
            administrator.execute("grant oic_unit_elsewhere_E23000022_U2 to inspector_one")
            assert {
                unit for (unit,) in rows(log_in("inspector_one"), "dim_officer", "org_unit_code")
            } == {"U1"}
        finally:
            administrator.execute("drop role oic_unit_elsewhere_E23000022_U2")


def test_every_mart_has_a_declared_audience() -> None:
    columns = {}
    for page in (*MODELS.glob("core/*.yml"), *MODELS.glob("assurance/*.yml")):
        (model,) = yaml.safe_load(page.read_text(encoding="utf-8")).get("models", [None])
        if model is None:
            continue
        columns[model["name"]] = {column["name"] for column in model["columns"]}
    assert set(columns) == AGGREGATES | set(BY_UNIT) | WITHHELD
    for mart in AGGREGATES:
        assert not {"officer_key", "officer_version_key", "record_ref"} & columns[mart]
    for mart, column in BY_UNIT.items():
        assert column in columns[mart]
