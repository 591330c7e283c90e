"""`assurance pack workbook`: the workbook has the figures that readers see. Making it is logged."""

import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from oic_assurance.reporting.workbook.description import SHOWN, SHOWN_COLUMNS, queries, sheets
from oic_assurance.reporting.workbook.sheets import HEAD
from tests.conftest import PROJECT_ROOT
from tests.end_to_end.terminal import Terminal

SHEETS = sheets(PROJECT_ROOT)
TEXTS = queries(PROJECT_ROOT, SHEETS)


@pytest.fixture(scope="module")
def made(terminal: Terminal, first_run: str) -> Path:
    return Path(terminal.document("pack", "workbook")["workbook"]["file"])


def cell(value: Any) -> Any:
    """Return a value of the database as a reader of workbooks returns it."""
    if value is None:
        return ""
    if isinstance(value, str | date):
        return value
    return float(value)


def table(book: CalamineWorkbook, sheet: str, columns: int) -> list[list[Any]]:
    lines = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)[HEAD:]
    return [line[:columns] for line in lines]


def near(found: Sequence[Any], wanted: Sequence[Any]) -> bool:
    """Return whether two rows are equal, but for how a workbook keeps numbers and moments."""
    for one, other in zip(found, wanted, strict=True):
        if isinstance(other, datetime):
            # A moment at midnight is read as a day.
            seconds = abs((as_moment(one) - other).total_seconds())
            if seconds > 1:
                return False
        elif one != (pytest.approx(other) if isinstance(other, float) else other):
            return False
    return True


def as_moment(day: date) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, time())


def test_every_table_has_the_rows_that_the_readers_login_sees(
    terminal: Terminal, made: Path
) -> None:
    book = CalamineWorkbook.from_path(made)
    described = [(one.name, one.table, one.columns) for one in SHEETS]
    with psycopg.connect(terminal.url("bi")) as reader:
        for sheet, name, columns in [("About", SHOWN, SHOWN_COLUMNS), *described]:
            cursor = reader.execute(TEXTS[name].encode())
            names = [one.name for one in cursor.description or ()]
            rows = [[cell(value) for value in row] for row in cursor.fetchall()]
            assert names == [*columns]
            assert rows, name
            found = table(book, sheet, len(columns))
            assert found[0] == names
            for line, row in zip(found[1:], rows, strict=False):
                assert near(line, row), (sheet, line, row)
            rest = found[1 + len(rows) :]
            assert sheet == "About" or not any(any(line) for line in rest)


def test_the_position_is_that_of_the_pack(terminal: Terminal, made: Path) -> None:
    page = (terminal.home / "reports" / "pack" / "assurance-pack.html").read_text(encoding="utf-8")
    lines = table(CalamineWorkbook.from_path(made), "Position", 7)
    shares = {line[0]: line[2] for line in lines[1:5]}
    assert len(shares) == 4
    for point, share in shares.items():
        # The pack shows the plans as a number of strands.
        assert point == "Intelligence plans" or f"{share:.1%}" in page, point


def test_making_it_is_logged_as_a_disclosure(terminal: Terminal, made: Path) -> None:
    with psycopg.connect(terminal.url("warehouse")) as owner:
        found = owner.execute(
            "select count(*) from audit.processing_log where action = 'disclosure' "
            "and to_whom = 'the holder of the workbook'"
        ).fetchone()
    assert found is not None
    assert found[0] >= 1


def test_it_holds_no_officer_and_no_password(terminal: Terminal, made: Path) -> None:
    with psycopg.connect(terminal.url("bi")) as reader:
        keys = {key for (key,) in reader.execute("select officer_key from marts.dim_officer")}
    with zipfile.ZipFile(made) as file:
        text = b"".join(file.read(name) for name in file.namelist()).decode("utf-8", "replace")
    password = terminal.url("bi").split(":")[2].partition("@")[0]
    assert password not in text
    assert not [key for key in keys if str(key) in text]


def test_a_publication_that_does_not_exist_is_one_line(terminal: Terminal, first_run: str) -> None:
    done = terminal.assurance("pack", "workbook", "--publication", "4711")
    assert done.returncode != 0
    assert done.stderr.startswith("assurance: There is no publication 4711.\n")
