"""Delimited text is read quickly, even if quotes are never closed or lines are very long."""

import csv
import io

import pytest

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files import delimited
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.rows import TOTAL_LINES, Row
from oic_assurance.sources.files.tabular import Reading, read_tables
from tests.files import text_cases, value_cases
from tests.files.case import Case
from tests.unit.sources.files.org_units import HEADER, MEGABYTE, count, repeated, rows

CASES = [*text_cases.CASES, *value_cases.CASES]


def read(case: Case) -> Reading | str:
    data = case.content()
    try:
        return read_tables(Content(io.BytesIO(data), len(data), ""), dataset(case.dataset))[0]
    except DeliveryRefused as error:
        return error.message


def all_of(case: Case) -> tuple[list[Row], dict[str, object]] | str:
    reading = read(case)
    return reading if isinstance(reading, str) else (list(reading.rows), reading.notes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_where_a_block_ends_does_not_matter(
    case: Case, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = all_of(case)
    monkeypatch.setattr(delimited, "BLOCK_BYTES", size)
    assert all_of(case) == whole


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_text_for_copy_has_the_same_rows(case: Case) -> None:
    by_row, copied = read(case), read(case)
    if isinstance(by_row, str) or isinstance(copied, str):
        assert by_row == copied
        return
    text = "".join(copied.copy_text())
    found = sorted(
        csv.reader(io.StringIO(text, newline=""), strict=True), key=lambda row: int(row[0])
    )
    cells = [["" if cell is None else str(cell) for cell in row] for row in by_row.rows]
    assert found == [[cell.replace("\0", "\N{SYMBOL FOR NULL}") for cell in row] for row in cells]
    assert by_row.notes == copied.notes


def test_a_quote_that_is_never_closed_breaks_one_row_of_a_long_file() -> None:
    line = b"T1,Team,F,TEAM\n"
    data = HEADER.encode() + b'T0,"Team,F,TEAM\n' + line * 500_000
    assert count(data) == (500_001, 1)


@pytest.mark.slow
def test_a_quote_that_is_never_closed_breaks_one_row_of_200_megabytes() -> None:
    line = b"T1,Team of many words and a name,F,TEAM\n"
    data = HEADER.encode() + b'T0,"Team,F,TEAM\n' + line * (200 * MEGABYTE // len(line))
    assert count(data) == (200 * MEGABYTE // len(line) + 1, 1)


@pytest.mark.parametrize(
    "line",
    [
        b'T1,"Team,F,TEAM\n',  # the next line's quote closes it, and text follows
        b'T1,Team "A",F,TEAM\n',  # not a quote, by the rules of CSV
        b'"T1","Te""am",F,TEAM\n',
        b"Total" + b" " * 500 + b",F,TEAM\n",  # like a total line, except for the end
        b"   " * 200 + b"count\n",
        b" \t,;" * 50 + b"\n",
    ],
)
def test_the_time_for_a_line_grows_only_with_its_length(line: bytes) -> None:
    data = repeated(line, MEGABYTE)
    number, _ = count(data)
    lines = data.count(b"\n") - 1
    assert number == 0 or lines - TOTAL_LINES <= number <= lines


def test_a_file_with_an_open_quote_in_every_line_is_refused() -> None:
    with pytest.raises(DeliveryRefused, match="too many quotes are not closed"):
        count(repeated(b'x""","Team\n', MEGABYTE))


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(DeliveryRefused, match="a line is longer than"):
        count(repeated(b"x", 50 * MEGABYTE))


def test_a_row_of_several_lines_with_the_wrong_width_is_read_again_line_by_line() -> None:
    text = HEADER + 'T1,"Team,F,TEAM\nT2,Team,F,TEAM\nT3,"Team",F,TEAM\nT4,Team,F,TEAM\n'
    found = rows(text)
    assert [row[3] for row in found] == ["T1", "T2", "T3", "T4"]
    assert [row[0] for row in found if row[1]] == [1]


def test_many_quotes_that_are_never_closed_are_read_quickly() -> None:
    text = HEADER + "".join(f'T{n},"Team {n},F,TEAM\n' for n in range(3000))
    assert len(rows(text)) == 3000
