"""A spreadsheet user gets the published figures: LibreOffice Calc over ODBC.

Excel cannot be run here. Calc uses the same driver and settings, asks the driver for the same
lists, and has pivot tables of the same kind.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.readers.odbc import SAMPLE, as_shown
from tests.readers.pivots import PIVOTS, QUESTIONS, cells, expected_cells, select

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("calc.py")
#: Debian's Python, which has LibreOffice's module `uno`.
PYTHON = "/usr/bin/python3"
#: SQL's VARCHAR, among the types of java.sql.Types that LibreOffice uses.
VARCHAR = 12
MOST_SECONDS = 300
_DAY_ZERO = date(1899, 12, 30)
#: The year 2000 as a cell holds it. A larger number with a fraction is a moment.
_FIRST_MOMENT = 36526


GROUPED = (
    'SELECT "intelligence_class_label", COUNT( * ) AS "referrals" '
    'FROM "warehouse"."marts"."fct_nccu_referral" GROUP BY "intelligence_class_label"'
)
JOINED = select(
    "fct_nccu_referral",
    ["referral_ref", "dim_org_unit.org_unit_name", "dim_date.financial_year"],
    dim_org_unit="org_unit_code",
    dim_date="date_day",
)


@dataclass(frozen=True)
class Calc:
    """What LibreOffice showed, and a connection of the same login to compare it with."""

    schema: str
    shown: Mapping[str, Any]
    conn: psycopg.Connection

    def place(self, table: str) -> str:
        """Return the name that LibreOffice has for a table."""
        return f"warehouse.{self.schema}.{table}"

    def tables(self) -> list[str]:
        """Return the names of the tables and views of the schema that the login can read."""
        return tables(self.conn, self.schema)

    def rows(self, query: str | sql.Composed) -> list[list[Any]]:
        """Return the rows of a query as cells of a sheet."""
        text = query.encode() if isinstance(query, str) else query
        rows = as_shown(self.conn.execute(text).fetchall())
        return [[as_cell(value) for value in row] for row in rows]


@pytest.fixture(scope="module")
def calc(logins: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calc]:
    url, profile = logins["bi_reader"], tmp_path_factory.mktemp("office")
    with psycopg.connect(url, autocommit=True) as conn:
        native = {number: question.query for number, question in QUESTIONS.items()}
        asked = {
            "tables": [f"warehouse.marts.{name}" for name in tables(conn, "marts")],
            "queries": {"grouped": GROUPED, "joined": JOINED},
            "native": native,
            "pivots": PIVOTS,
        }
        yield Calc("marts", shown_by_calc(url, profile, asked), conn)


@pytest.fixture(scope="module", params=["supervisor", "office"])
def limited(
    request: pytest.FixtureRequest,
    logins: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Calc]:
    url, profile = logins[request.param], tmp_path_factory.mktemp(request.param)
    with psycopg.connect(url, autocommit=True) as conn:
        names = [f"warehouse.limited.{name}" for name in tables(conn, "limited")]
        asked = {"tables": names, "queries": {}, "native": {}, "pivots": {}}
        yield Calc("limited", shown_by_calc(url, profile, asked), conn)


def shown_by_calc(url: str, profile: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Run LibreOffice as a user who has copied the sample file and set the server."""
    assert shutil.which("soffice"), "LibreOffice is not installed: `make debian-packages`"
    parts = conninfo_to_dict(url)
    settings = SAMPLE.read_text(encoding="utf-8")
    for name, value in (
        ("Servername", parts["host"]),
        ("Port", parts["port"]),
        ("Database", parts["dbname"]),
        # The embedded server has no TLS.
        ("SSLmode", "disable"),
    ):
        settings = re.sub(rf"^{name} = .*$", f"{name} = {value}", settings, flags=re.M)
    odbc = profile / "odbc.ini"
    odbc.write_text(settings, encoding="utf-8")
    login = {"user": parts["user"], "password": parts["password"], "profile": str(profile)}
    done = subprocess.run(
        [PYTHON, str(SCRIPT)], input=json.dumps({**login, **asked}), capture_output=True, text=True,
        check=False, timeout=MOST_SECONDS,
        env={**os.environ, "ODBCINI": str(odbc), "HOME": str(profile)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def tables(conn: psycopg.Connection, schema: str) -> list[str]:
    """Return the names of the tables and views of a schema that the login can read."""
    rows = conn.execute(
        "select table_name from information_schema.tables where table_schema = %s order by 1",
        (schema,),
    )
    return [name for (name,) in rows]


def as_cell(value: Any) -> Any:
    """Return a value as a cell of a sheet holds it: a text, or a number."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return (value - datetime.combine(_DAY_ZERO, time())).total_seconds() / 86400
    if isinstance(value, date):
        return float((value - _DAY_ZERO).days)
    # LibreOffice reads double precision as single precision. The page for LibreOffice says so.
    return to_single(value) if isinstance(value, float) else float(value)


def to_single(value: float) -> float:
    """Return a number as it is after it was stored in four bytes."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


def comparable(rows: Sequence[Sequence[Any]]) -> list[list[str]]:
    """Return rows of cells as texts, sorted."""
    return sorted([_text(value) for value in row] for row in rows)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value > _FIRST_MOMENT and value % 1:
        # Both sides have computed the fraction of the day, so they agree to the second.
        return f"{round(value * 86400)} s"
    return f"{value:.9g}"


def assert_everything_arrives(calc: Calc) -> None:
    assert calc.shown["listed"] == [calc.place(name) for name in calc.tables()]
    for name in calc.tables():
        header, *rows = calc.shown["sheets"][calc.place(name)]
        assert header == [column for column, _, _ in calc.shown["columns"][calc.place(name)]]
        query = sql.SQL("select {} from {}").format(
            sql.SQL(", ").join(map(sql.Identifier, header)), sql.Identifier(calc.schema, name)
        )
        assert comparable(rows) == comparable(calc.rows(query)), name


def test_calc_lists_what_can_be_read_and_loads_it_whole(calc: Calc) -> None:
    assert_everything_arrives(calc)


def test_calc_of_a_limited_reader_lists_its_views_and_loads_them_whole(limited: Calc) -> None:
    assert len(limited.tables()) > 20
    assert_everything_arrives(limited)


def test_texts_are_varchar_in_calc(calc: Calc) -> None:
    types: dict[tuple[str, str], str] = {
        (table, column): type_
        for table, column, type_ in calc.conn.execute(
            "select table_name, column_name, data_type from data_dictionary "
            "where table_schema = 'marts'"
        )
    }
    shown = {
        (name, column): type_
        for name in calc.tables()
        for column, type_, _ in calc.shown["columns"][calc.place(name)]
    }
    assert shown.keys() == types.keys()
    assert {place for place, type_ in shown.items() if type_ == VARCHAR} == {
        place for place, type_ in types.items() if type_ == "text"
    }


def test_a_query_groups_by_a_text(calc: Calc) -> None:
    expected = calc.rows(
        "select intelligence_class_label, count(*) from fct_nccu_referral group by 1"
    )
    _, *rows = calc.shown["queries"]["grouped"]
    assert len(rows) > 2
    assert comparable(rows) == comparable(expected)


def test_a_query_joins_tables_by_their_keys(calc: Calc) -> None:
    expected = calc.rows(
        "select referral_ref, org_unit_name, financial_year from fct_nccu_referral "
        "inner join dim_org_unit using (org_unit_code) inner join dim_date using (date_day)"
    )
    _, *rows = calc.shown["queries"]["joined"]
    assert len(rows) > 100
    assert comparable(rows) == comparable(expected)


@pytest.mark.parametrize("number", QUESTIONS)
def test_a_query_of_the_page_gives_its_answer_in_a_sheet(calc: Calc, number: str) -> None:
    _, *rows = calc.shown["native"][number]
    assert comparable(rows) == comparable(calc.rows(QUESTIONS[number].query))


@pytest.mark.parametrize("number", PIVOTS)
def test_the_pivot_table_is_the_one_that_the_page_describes(number: str) -> None:
    pivot, words = PIVOTS[number], QUESTIONS[number].pivot
    fields = {*pivot["rows"], *pivot.get("columns", ()), *(f for f, *_ in pivot.get("filters", ()))}
    assert {field for field in fields if field not in words} == set()
    for field, function in pivot["values"].items():
        assert f"{function} of {field}" in words


@pytest.mark.parametrize("number", PIVOTS)
def test_a_pivot_table_gives_the_answer_of_the_page(calc: Calc, number: str) -> None:
    rows = PIVOTS[number]["rows"]
    shown = cells(calc.shown["pivots"][number], rows[0], len(rows))
    assert shown == pytest.approx(expected_cells(number, calc.rows(QUESTIONS[number].query)))
    # In the simulated force, every question but the one about owed documents has an answer.
    assert shown or number == "3"
