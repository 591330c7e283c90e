"""The view `data_dictionary` shows a login what it can read, and how the tables join."""

import psycopg
import pytest

from oic_assurance.reporting.documents.marts import views
from oic_assurance.settings import Settings
from tests.integration.asking import ask
from tests.integration.publishing.limited_readers import Connect, log_in, warehouse
from tests.integration.publishing.marts import as_reader

__all__ = ["log_in", "warehouse"]

_COLUMNS = """
select table_schema, table_name, column_name, ordinal_position, data_type
from information_schema.columns
where table_schema not in ('pg_catalog', 'information_schema')
"""
_DICTIONARY = """
select
    table_schema, table_name, column_name, column_position,
    -- The information schema has types without their precision.
    split_part(data_type, '(', 1)
from {}.data_dictionary
"""
_JOINS = """
select table_name, column_name, joins_to_table, joins_to_column
from {}.data_dictionary
where joins_to_table is not null
"""


def test_the_views_are_as_the_documentation_describes_them(warehouse: Settings) -> None:
    query = (
        "select column_name, data_type, column_description from marts.data_dictionary "
        "where table_name = %s order by column_position"
    )
    for described in views(warehouse.project_root):
        columns = ask(warehouse, query, described.name, login="bi_reader")
        assert [one[:2] for one in columns] == [(one.name, one.type) for one in described.columns]
        meanings = [meaning for *_, meaning in columns]
        assert all(meanings)
        if described.name == "data_dictionary":
            assert meanings == [one.description for one in described.columns]


def test_every_column_of_a_release_has_a_meaning(warehouse: Settings) -> None:
    query = "select column_description from public_release.data_dictionary"
    released = ask(warehouse, query, login="bi_reader")
    assert len(released) > 40
    assert all(description for (description,) in released)


def test_each_login_is_shown_exactly_what_it_can_read(warehouse: Settings, log_in: Connect) -> None:
    with as_reader(warehouse, "bi") as bi:
        assert_same(bi, "marts", "public_release")
    for name in ("inspector_one", "office_reader"):
        assert_same(log_in(name), "limited")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            log_in(name).execute("select 1 from marts.data_dictionary")


def assert_same(reader: psycopg.Connection, *schemas: str) -> None:
    shown = []
    for schema in schemas:
        rows = reader.execute(_DICTIONARY.format(schema).encode()).fetchall()
        # Two schemas have tables of one name, so each dictionary is about its own alone.
        assert {table_schema for table_schema, *_ in rows} == {schema}
        shown += rows
    # What is wrong now is no mart, so the dictionary does not describe it.
    readable = [row for row in reader.execute(_COLUMNS).fetchall() if row[0] != "state"]
    assert sorted(shown) == sorted(readable)


def test_a_relationship_is_shown_once_by_one_column_however_many_publications_there_are(
    warehouse: Settings, log_in: Connect
) -> None:
    rows = ask(warehouse, _JOINS.format("marts"), login="bi_reader")
    joins = {(table, column): (to, to_column) for table, column, to, to_column in rows}
    assert len(joins) == len(rows)
    assert joins["fct_nccu_referral", "org_unit_code"] == ("dim_org_unit", "org_unit_code")
    assert not {column for _, column in joins} & {"publication_id", "force_code"}
    # A limited reader sees those between views that it can read, although views have no keys.
    limited = log_in("inspector_one").execute(_JOINS.format("limited").encode()).fetchall()
    readable = {table for table, *_ in limited}
    assert "fct_nccu_referral" in readable
    assert {tuple(row) for row in limited} == {
        row for row in rows if row[0] in readable and row[2] in {to for _, _, to, _ in limited}
    }
