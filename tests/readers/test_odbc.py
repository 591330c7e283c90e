"""Test that tools read every mart through ODBC as it is, and can write nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from oic_assurance.reporting.documents.marts import Mart, marts
from tests.end_to_end.terminal import PROJECT, Terminal
from tests.readers.odbc import DENIED, READ_ONLY, as_shown, connect, refused, rows_of
from tests.readers.questions import dashboard_queries, digest

pytestmark = pytest.mark.slow

ALL = marts(PROJECT)
OF_BI = [mart for mart in ALL if mart.schema == "marts"]
WRITES = (
    "insert into marts.dim_date select * from marts.dim_date",
    "update marts.assurance_position set status = 'met_on_time'",
    "delete from marts.assurance_exception",
    "truncate marts.restatement",
    "drop table marts.dim_measure",
    "alter table marts.dim_officer disable row level security",
    "create table marts.mine (a int)",
    "create view marts.mine as select 1 as a",
    "create schema mine",
    "create temporary table mine (a int)",
    "update marts.publication set is_current = true",
    "set role oic_publish",
    "copy marts.dim_officer to program 'cat'",
)


#: What this force has not had: changes, disagreements and closures.
MAY_BE_EMPTY = {
    "restatement", "assurance_disagreement", "assurance_status_change", "sign_off",
    "sign_off_reopening",
}  # fmt: skip


@pytest.fixture
def bi(force: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    connection = connect(force.url("bi"), monkeypatch)
    yield connection
    connection.close()


@pytest.mark.parametrize("mart", OF_BI, ids=lambda mart: mart.name)
def test_every_mart_is_read_whole(bi: Any, force: Terminal, mart: Mart) -> None:
    names, rows = rows_of(bi, f"select * from {mart.place}")
    assert set(names) >= {column.name for column in mart.columns}
    with psycopg.connect(force.url("bi")) as conn:
        cursor = conn.execute(f"select * from {mart.place}".encode())
        others = cursor.fetchall()
        assert len(rows) == len(others)
        columns = [column.name for column in cursor.description or ()]
        assert digest(names, rows) == digest(columns, as_shown(others))
    assert rows or mart.name in MAY_BE_EMPTY


@pytest.mark.parametrize("statement", WRITES)
def test_nothing_can_be_written(
    force: Terminal, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    # With the option ReadOnly of the sample file, the driver would not even send the statement. In
    # this test, the server must refuse it.
    bi = connect(force.url("bi"), monkeypatch, ReadOnly="0")
    assert refused(bi, statement) in (DENIED, READ_ONLY)
    # Even a session that has asked for write access may not write anything.
    bi.cursor().execute("set session characteristics as transaction read write")
    bi.commit()
    assert refused(bi, statement) == DENIED
    bi.close()


def test_what_was_released_is_there_with_every_column(bi: Any) -> None:
    for mart in ALL:
        if mart.schema == "public_release":
            names, _ = rows_of(bi, f"select * from {mart.place}")
            assert set(names) >= {column.name for column in mart.columns}


def test_one_transaction_sees_one_publication_during_a_roll_back(bi: Any, force: Terminal) -> None:
    pointer = "select publication_id from marts.publication where is_current"
    [(before,)] = rows_of(bi, pointer)[1]
    force.does("publication", "rollback", str(before - 1), "--reason", "to see")
    assert rows_of(bi, pointer)[1][0][0] == before
    assert {row[0] for row in rows_of(bi, "select publication_id from dim_date")[1]} == {before}
    bi.commit()
    assert {row[0] for row in rows_of(bi, "select publication_id from dim_date")[1]} == {before - 1}
    bi.commit()
    force.does("publication", "release", "--reason", "seen")
    force.does("publication", "rollback", str(before), "--reason", "seen")
    assert rows_of(bi, pointer)[1][0][0] == before


@pytest.mark.parametrize("name", [*dashboard_queries()])
def test_dashboard_queries_give_the_same_answers_through_odbc(
    bi: Any, force: Terminal, name: str
) -> None:
    text = dashboard_queries()[name]
    with psycopg.connect(force.url("bi")) as conn:
        cursor = conn.execute(text.encode())
        columns = [column.name for column in cursor.description or ()]
        expected = digest(columns, as_shown(cursor.fetchall()))
    assert digest(*rows_of(bi, text)) == expected


def test_each_query_of_the_pages_is_answered(bi: Any) -> None:
    answers = {}
    for page in ("README.md", "sql.md"):
        text = (PROJECT / "docs" / "bi" / page).read_text(encoding="utf-8")
        for number, query in enumerate(re.findall(r"```sql\n(.*?)```", text, re.DOTALL)):
            answers[page, number] = [tuple(row) for row in rows_of(bi, query)[1]]
    assert len(answers) == 8
    assert all(answers.values())
    compliance = "measure_code = 'nccu_intel_compliance' and org_unit_code = 'ALL'"
    figures = rows_of(
        bi,
        "select period_start, numerator, denominator, ci_low, ci_high "
        f"from assurance_measure where {compliance} and denominator > 0 order by 1",
    )[1]
    assert answers["sql.md", 0] == [tuple(row[:3]) for row in figures]
    assert [row[0] for row in answers["sql.md", 1]] == [row[0] for row in figures]
    for answer, figure in zip(answers["sql.md", 1], figures, strict=True):
        assert answer[4:] == pytest.approx(tuple(figure[3:]))
    teams = rows_of(
        bi,
        "select m.org_unit_code, m.numerator, m.denominator from assurance_measure as m "
        "join dim_org_unit as u on m.org_unit_code = u.org_unit_code "
        "where m.measure_code = 'elearning_completion' and u.kind in ('TEAM', 'UNKNOWN') "
        "and m.period_start = '2026-04-01' and m.denominator > 0 order by 1",
    )[1]
    assert answers["sql.md", 2] == [tuple(row) for row in teams]
    position = rows_of(
        bi, "select numerator, denominator, value from assurance_position "
        "where point_code = 'NCCU_INTEL'"
    )[1]  # fmt: skip
    assert answers["sql.md", 3] == [("nccu_intel_compliance", *map(float, position[0]))]
