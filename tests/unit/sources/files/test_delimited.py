"""Where a block of a delimited file ends, and how its rows are passed on, does not matter."""

import csv
import io

import pytest

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files import delimited
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.rows import Row
from oic_assurance.sources.files.tabular import Reading, read_tables
from tests.files import text_cases, value_cases
from tests.files.case import Case

CASES = [*text_cases.CASES, *value_cases.CASES]


def read(case: Case) -> Reading | str:
    data = case.content()
    try:
        return read_tables(Content(io.BytesIO(data), len(data), ""), dataset(case.dataset))[0]
    except DeliveryRefused as error:
        return error.message


def everything(case: Case) -> tuple[list[Row], dict[str, object]] | str:
    reading = read(case)
    return reading if isinstance(reading, str) else (list(reading.rows), reading.notes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_where_a_block_ends_does_not_matter(
    case: Case, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = everything(case)
    monkeypatch.setattr(delimited, "BLOCK_BYTES", size)
    assert everything(case) == whole


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_text_for_copy_says_what_the_rows_say(case: Case) -> None:
    rows, copied = read(case), read(case)
    if isinstance(rows, str) or isinstance(copied, str):
        assert rows == copied
        return
    text = "".join(copied.copy_text())
    found = sorted(
        csv.reader(io.StringIO(text, newline=""), strict=True), key=lambda row: int(row[0])
    )
    said = [["" if cell is None else str(cell) for cell in row] for row in rows.rows]
    assert found == [[cell.replace("\0", "\N{SYMBOL FOR NULL}") for cell in row] for row in said]
    assert rows.notes == copied.notes
