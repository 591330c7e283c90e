"""A content fingerprint changes with the content of its table, and with nothing else."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.fingerprint import fingerprint_audited, fingerprint_tables

COLUMNS = "publication_id bigint, code text, value double precision, at timestamptz, note text"
ROWS = [
    (1, "A", 0.1, "2026-03-29 01:30+00", ""),
    (1, "B", 1 / 3, "2026-10-25 01:30+01", None),
    (1, "C", -0.0, None, '(quoted, "and" more)'),
]


@pytest.fixture
def conn(fresh_warehouse: Settings) -> Iterator[psycopg.Connection]:
    with connect(fresh_warehouse, role="oic_transform") as connection:
        connection.execute("create schema one; create schema two")
        yield connection


def make(
    conn: psycopg.Connection, schema: str, rows: Sequence[tuple[Any, ...]], columns: str = COLUMNS
) -> None:
    conn.execute(f"create table {schema}.t ({columns})".encode())
    names = "publication_id, code, value, at, note"
    for row in rows:
        conn.execute(f"insert into {schema}.t ({names}) values (%s, %s, %s, %s, %s)".encode(), row)


def test_order_of_rows_and_columns_and_the_publication_do_not_matter(
    conn: psycopg.Connection,
) -> None:
    make(conn, "one", ROWS)
    other = [(2, *row[1:]) for row in reversed(ROWS)]
    make(
        conn,
        "two",
        other,
        "note text, at timestamptz, code text, value float8, publication_id bigint",
    )
    assert fingerprint_tables(conn, "one") == fingerprint_tables(conn, "two")
    assert fingerprint_tables(conn, "one")["t"].rows == 3


def test_settings_of_the_session_do_not_matter_and_are_restored(
    conn: psycopg.Connection,
) -> None:
    make(conn, "one", ROWS)
    before = fingerprint_tables(conn, "one")
    conn.execute(
        "set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set extra_float_digits = 0"
    )
    assert fingerprint_tables(conn, "one") == before
    assert conn.execute("show timezone").fetchone() == ("Asia/Tokyo",)


@pytest.mark.parametrize(
    "change",
    [
        # The last bit of a number changes.
        "update one.t set value = 0.1::float8 + 1.4e-17::float8 where code = 'A'",
        "update one.t set note = null where code = 'A'",
        "update one.t set note = '' where code = 'B'",
        "update one.t set at = at + interval '1 microsecond' where code = 'A'",
        "insert into one.t select * from one.t where code = 'A'",
        "insert into one.t select one.t.* from one.t, generate_series(1, 2) where code = 'A'",
        "delete from one.t where code = 'C'",
        # Two rows exchange values.
        "update one.t set code = case code when 'A' then 'B' when 'B' then 'A' else code end",
        "alter table one.t rename column note to remark",
        "alter table one.t alter column code type varchar(10)",
        "alter table one.t add column more text",
    ],
)
def test_every_change_of_content_changes_the_fingerprint(
    conn: psycopg.Connection, change: str
) -> None:
    make(conn, "one", ROWS)
    before = fingerprint_tables(conn, "one")
    conn.execute(change.encode())
    assert fingerprint_tables(conn, "one")["t"] != before["t"]


def test_a_table_without_rows_or_columns_has_a_fingerprint(
    conn: psycopg.Connection,
) -> None:
    conn.execute("create table one.empty (publication_id bigint, code text)")
    conn.execute("create table one.bare (publication_id bigint)")
    conn.execute("create view one.not_a_table as select 1 as one")
    found = fingerprint_tables(conn, "one")
    assert {name: table.rows for name, table in found.items()} == {"bare": 0, "empty": 0}
    assert found["empty"].fingerprint != found["bare"].fingerprint
    assert fingerprint_tables(conn, "one", only=["bare"]) == {"bare": found["bare"]}
    assert fingerprint_tables(conn, "nowhere") == {}


@pytest.mark.parametrize(
    ("change", "is_as_audited"),
    [
        ("alter table one.t add column more text; alter table one.t add column last date", True),
        ("alter table one.t add column more text default 'new'", False),
        ("alter table one.t add column more text; update one.t set note = 'x'", False),
        ("alter table one.t add column more text; delete from one.t", False),
        ("alter table one.t drop column note; alter table one.t add column note text", False),
    ],
)
def test_columns_added_empty_do_not_count(
    conn: psycopg.Connection, change: str, is_as_audited: bool
) -> None:
    make(conn, "one", ROWS)
    audited = fingerprint_tables(conn, "one")["t"]
    conn.execute(change.encode())
    found = fingerprint_audited(conn, "one", {"t": audited})["t"]
    assert (found == audited) is is_as_audited
