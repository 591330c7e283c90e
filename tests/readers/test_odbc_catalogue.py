"""What the driver tells a tool about tables, columns and keys is what the login can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from oic_assurance.reporting.documents.marts import Mart, marts, views
from tests.end_to_end.terminal import PROJECT
from tests.readers.odbc import DENIED, as_shown, connect, refused, rows_of
from tests.readers.questions import digest

pytestmark = pytest.mark.slow

OF_BI = [mart for mart in marts(PROJECT) if mart.schema == "marts"]
LOGINS = ("bi_reader", "supervisor", "office")
#: The two key columns that have one value in all that a reader sees.
ONE_VALUE = {"publication_id", "force_code"}
#: ODBC's numbers for the types with which the marts arrive.
BIT, INTEGER, BIGINT, DOUBLE, NUMERIC, WVARCHAR, DATE, TIMESTAMP = -7, 4, -5, 6, 2, -9, 91, 93
TYPES = {
    "boolean": BIT,
    "integer": INTEGER,
    "bigint": BIGINT,
    "double precision": DOUBLE,
    "numeric(38,15)": NUMERIC,
    "text": WVARCHAR,
    "date": DATE,
    "timestamp with time zone": TIMESTAMP,
    "timestamp without time zone": TIMESTAMP,
}
#: The size that the sample file sets for texts.
TEXT_SIZE = 4000
#: With this setting, the driver lists every table, as a tool without the sample file does.
WITHOUT_FILTER = {"AB": "0"}


class Reader:
    """A login with its ODBC connection, and the place of its dictionary."""

    def __init__(self, login: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.login = login
        self.url = url
        self.schema = "marts" if login == "bi_reader" else "limited"
        self.odbc = connect(url, monkeypatch)
        self.unfiltered = connect(url, monkeypatch, **WITHOUT_FILTER)

    def listed(self) -> set[tuple[str, str]]:
        return {(row.table_schem, row.table_name) for row in self.odbc.cursor().tables()}

    def dictionary(self) -> list[Any]:
        """Return the dictionaries of all schemas that the login can read."""
        places = [schema for schema, name in self.listed() if name == "data_dictionary"]
        queries = [f"select * from {schema}.data_dictionary" for schema in sorted(places)]
        return [row for one in queries for row in self.odbc.cursor().execute(one).fetchall()]

    def close(self) -> None:
        self.odbc.close()
        self.unfiltered.close()


@pytest.fixture(params=LOGINS)
def reader(
    request: pytest.FixtureRequest, logins: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reader]:
    reader = Reader(request.param, logins[request.param], monkeypatch)
    yield reader
    reader.close()


@pytest.fixture
def bi(logins: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    reader = Reader("bi_reader", logins["bi_reader"], monkeypatch)
    yield reader
    reader.close()


def test_what_is_listed_is_what_can_be_read(reader: Reader) -> None:
    listed = reader.listed()
    every = {(row.table_schem, row.table_name) for row in reader.unfiltered.cursor().tables()}
    assert listed < every
    assert {schema for schema, _ in every} >= {
        "audit", "identity", "generation", "raw_law_enforcement", "public_draft", "intermediate"
    }  # fmt: skip
    for schema, name in listed:
        reader.odbc.cursor().execute(f'select * from "{schema}"."{name}" limit 1').fetchall()
    states = {
        refused(reader.odbc, f'select * from "{schema}"."{name}" limit 1')
        for schema, name in every - listed
    }
    assert states == {DENIED}
    # Tools that ask the information schema see the same list without any setting.
    _, rows = rows_of(
        reader.unfiltered,
        "select table_schema, table_name from information_schema.tables "
        "where table_schema not in ('pg_catalog', 'information_schema')",
    )
    assert {(schema, name) for schema, name in rows} == listed


def test_bi_reader_is_shown_the_marts_and_the_release(bi: Reader) -> None:
    of_marts = {mart.name for mart in (*OF_BI, *views(PROJECT))}
    released = {
        "assurance_position", "assurance_period", "assurance_measure", "release", "data_dictionary"
    }  # fmt: skip
    assert bi.listed() == {("marts", name) for name in of_marts} | {
        *(("public_release", name) for name in released),
        ("state", "problem_for_readers"),
    }
    for mart in OF_BI:
        found = bi.odbc.cursor().columns(table=mart.name, schema="marts")
        assert {row.column_name for row in found} >= {column.name for column in mart.columns}


def test_a_limited_reader_is_shown_only_its_own_views(
    logins: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = Reader("supervisor", logins["supervisor"], monkeypatch)
    office = Reader("office", logins["office"], monkeypatch)
    assert {schema for schema, _ in supervisor.listed()} == {"limited"}
    only_supervisor = supervisor.listed() - office.listed()
    assert {name for _, name in only_supervisor} == {
        "assurance_exception", "assurance_exception_history", "dim_officer", "fct_nccu_referral",
        "fct_training_requirement",
    }  # fmt: skip
    assert office.listed() < supervisor.listed()
    supervisor.close()
    office.close()


def test_every_listed_table_arrives_whole_with_the_types_that_it_has(reader: Reader) -> None:
    dictionary = reader.dictionary()
    with psycopg.connect(reader.url) as conn:
        for schema, name in sorted(reader.listed()):
            place = sql.Identifier(schema, name)
            cursor = conn.execute(sql.SQL("select * from {}").format(place))
            expected = as_shown(cursor.fetchall())
            columns = [column.name for column in cursor.description or ()]
            names, rows = rows_of(reader.odbc, f'select * from "{schema}"."{name}"')
            assert digest(names, rows) == digest(columns, expected), name
            types = {
                row.column_name: row.data_type
                for row in dictionary
                if (row.table_schema, row.table_name) == (schema, name)
            }
            described = {
                row.column_name: row
                for row in reader.odbc.cursor().columns(table=name, schema=schema)
            }
            assert list(described) == columns
            for column, type_ in types.items():
                assert described[column].data_type == TYPES[type_], f"{name}.{column}"


def test_texts_arrive_as_varchar_and_none_reaches_its_size(reader: Reader) -> None:
    longest: Counter[str] = Counter()
    for schema, name in reader.listed():
        names, rows = rows_of(reader.odbc, f'select * from "{schema}"."{name}"')
        for row in reader.odbc.cursor().columns(table=name, schema=schema):
            if row.type_name != "text":
                continue
            assert (row.data_type, row.column_size) == (WVARCHAR, TEXT_SIZE)
            place = names.index(row.column_name)
            longest[f"{name}.{row.column_name}"] = max(
                (len(r[place] or "") for r in rows), default=0
            )
    # A tool that cuts texts off at the size of the column cuts off nothing, by a wide margin.
    assert 100 < max(longest.values()) < TEXT_SIZE / 2, longest.most_common(3)
    # The keys by which tables join would fit even into a tool's short text.
    for row in reader.dictionary():
        if row.joins_to_table and row.data_type == "text":
            assert 0 < longest[f"{row.joins_to_table}.{row.joins_to_column}"] <= 64


def test_the_driver_itself_cuts_off_no_text(bi: Reader) -> None:
    [[text]] = rows_of(bi.odbc, f"select repeat('é', {TEXT_SIZE + 1})")[1]
    assert text == "é" * (TEXT_SIZE + 1)


def test_booleans_dates_and_moments_arrive_as_what_they_are(bi: Reader) -> None:
    _, rows = rows_of(
        bi.odbc,
        "select is_counted, contacted_on, contacted_at, contacted_at_local from fct_nccu_referral",
    )
    assert {row[0] for row in rows} == {True, False}
    assert all(row[2] == row[3] and row[1] == row[2].date() for row in rows)
    # The rows are from winter and from summer time.
    assert len({row[1].month for row in rows} & {1, 4}) == 2
    [[winter, summer]] = rows_of(
        bi.odbc, "select timestamptz '2026-01-15 12:00Z', timestamptz '2026-07-15 12:00Z'"
    )[1]
    assert (winter.hour, summer.hour) == (12, 13)


@pytest.mark.parametrize("mart", OF_BI, ids=lambda mart: mart.name)
def test_each_key_is_listed_once_among_what_can_be_read(bi: Reader, mart: Mart) -> None:
    cursor = bi.odbc.cursor()
    primary = cursor.primaryKeys(table=mart.name, schema="marts").fetchall()
    assert [row.column_name for row in sorted(primary, key=lambda row: row.key_seq)] == list(
        mart.primary_key
    )
    foreign = cursor.foreignKeys(foreignTable=mart.name, foreignSchema="marts").fetchall()
    # The server keeps a copy of a foreign key for each attached generation, and the driver lists
    # the copies too. They refer to tables that the list of tables does not have.
    readable = [row for row in foreign if (row.pktable_schem, row.pktable_name) in bi.listed()]
    assert {row.pktable_schem for row in foreign if row not in readable} <= {"generation"}
    assert Counter(
        (row.fkcolumn_name, row.pktable_name, row.pkcolumn_name) for row in readable
    ) == (
        Counter(
            (own, key.table, theirs)
            for key in mart.references
            for own, theirs in zip(key.columns, key.to_columns, strict=True)
        )
    )


def test_the_dictionary_has_each_column_of_each_listed_table_with_its_meaning(
    reader: Reader,
) -> None:
    rows = reader.dictionary()
    # What is wrong now is no mart, so no dictionary describes it.
    shown = {(schema, name) for schema, name in reader.listed() if schema != "state"}
    assert {(row.table_schema, row.table_name) for row in rows} == shown
    listed = {
        (row.table_schem, row.table_name, row.column_name, row.ordinal_position)
        for schema, name in shown
        for row in reader.odbc.cursor().columns(table=name, schema=schema)
    }
    assert Counter(listed) == Counter(
        (row.table_schema, row.table_name, row.column_name, row.column_position) for row in rows
    )
    for row in rows:
        assert row.column_description, (row.table_name, row.column_name)
        assert row.table_description, row.table_name
    described = {
        (row.table_name, row.column_name): " ".join(row.column_description.split())
        for row in rows
        if row.table_schema == reader.schema
    }
    for mart in OF_BI:
        for column in mart.columns:
            if (reader.schema, mart.name) in reader.listed():
                assert described[mart.name, column.name] == column.description


def test_the_driver_delivers_no_descriptions(bi: Reader) -> None:
    """If a new driver delivers them, say so on the pages, and the dictionary matters less."""
    assert {row.remarks for row in bi.odbc.cursor().tables(schema="marts")} == {""}
    assert {row.remarks for row in bi.odbc.cursor().columns(schema="marts")} == {""}


def test_the_dictionary_has_each_relationship_once_by_one_column(reader: Reader) -> None:
    joins = {
        (row.table_name, row.column_name): (row.joins_to_table, row.joins_to_column)
        for row in reader.dictionary()
        if row.table_schema == reader.schema and row.joins_to_table
    }
    listed = {name for schema, name in reader.listed() if schema == reader.schema}
    assert {table for table, _ in joins.values()} <= listed
    # Each declared relationship is there. If a column could join two dimensions, it is the one
    # whose key has the column's name.
    for mart in OF_BI:
        for key in mart.references:
            if {mart.name, key.table} <= listed:
                [own] = set(key.columns) - ONE_VALUE
                assert (mart.name, own) in joins
    for (table, column), (to_table, to_column) in joins.items():
        if column == "point_code" and not table.startswith("dim_"):
            assert (to_table, to_column) == ("dim_point", "point_code")
        assert not joined_badly(reader, table, column, to_table, to_column), (table, column)


def joined_badly(reader: Reader, table: str, column: str, to_table: str, to_column: str) -> bool:
    """Whether a join by one column loses a row, or has a row twice."""
    [[rows, joined]] = rows_of(
        reader.odbc,
        f"select (select count({column}) from {table}), count(*) from {table} as own "
        f"inner join {to_table} as dimension on own.{column} = dimension.{to_column}",
    )[1]
    return bool(rows != joined)


@pytest.mark.parametrize("login", ["supervisor", "office"])
def test_a_view_has_no_keys_for_the_driver_so_a_limited_reader_needs_the_dictionary(
    logins: dict[str, str], monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    reader = Reader(login, logins[login], monkeypatch)
    for _, name in reader.listed():
        cursor = reader.odbc.cursor()
        assert not cursor.primaryKeys(table=name, schema="limited").fetchall()
        assert not cursor.foreignKeys(foreignTable=name, foreignSchema="limited").fetchall()
    keys = {(row.table_name, row.column_name) for row in reader.dictionary() if row.is_key}
    for mart in OF_BI:
        if ("limited", mart.name) in reader.listed():
            assert {name for table, name in keys if table == mart.name} == set(mart.primary_key)
    reader.close()
