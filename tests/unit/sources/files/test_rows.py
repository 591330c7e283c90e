"""Rows out of text: what is a row, what is a total, what is broken."""

import hashlib
import io

import pytest

from oic_assurance.errors import DeliveryRefused
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.dropped import Content
from oic_assurance.sources.files.encoding import detect_encoding
from oic_assurance.sources.files.header import normalised
from oic_assurance.sources.files.tabular import read_tables

HEADER = "org_unit_code,org_unit_name,parent_org_unit_code,kind\n"


def content(text: str | bytes) -> Content:
    data = text.encode() if isinstance(text, str) else text
    return Content(io.BytesIO(data), len(data), hashlib.sha256(data).hexdigest())


def rows(text: str | bytes) -> list[list[str | int | None]]:
    [reading] = read_tables(content(text), dataset("hr/org_unit"))
    return list(reading.rows)


def codes(text: str) -> list[str | int | None]:
    return [row[3] for row in rows(text)]


def test_rows_are_numbered_and_trimmed() -> None:
    assert rows(HEADER + "F, Force ,,FORCE\n\nT1,Team,F ,TEAM\n") == [
        [1, None, None, "F", "Force", "", "FORCE"],
        [2, None, None, "T1", "Team", "F", "TEAM"],
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Total,2", "TOTAL: 2 rows", "Grand total,,,2", "Rows: 2", "Row count,2", "No. of records,2",
        "End of report", "*** END OF FILE ***", "Generated 01/06/2026 06:00", "Count,,,2",
        "Exported on 2026-06-01", "Subtotal,2\nTotal,2\nEnd of file",
    ],
)  # fmt: skip
def test_total_lines_below_the_rows_are_no_rows(line: str) -> None:
    assert codes(HEADER + "F,Force,,FORCE\nT1,Team,F,TEAM\n" + line) == ["F", "T1"]


def test_a_unit_that_is_called_like_a_total_is_a_row() -> None:
    text = HEADER + "TOTAL,Total policing,,TEAM\nROWS,Rows and lines,F,TEAM\n"
    assert codes(text) == ["TOTAL", "ROWS"]


def test_a_total_in_the_middle_is_a_row_and_so_judged() -> None:
    [first, total, last] = rows(HEADER + "F,Force,,FORCE\nTotal,1\nT1,Team,F,TEAM\n")
    assert (first[3], last[3]) == ("F", "T1")
    assert total[1] == "the row has 2 cells where the header has 4"


def test_a_row_with_other_cells_than_the_header_is_kept_as_its_cells() -> None:
    [row] = rows(HEADER + "T1,North, East,F,TEAM\n")
    assert row[:3] == [
        1, "the row has 5 cells where the header has 4", '["T1", "North", " East", "F", "TEAM"]',
    ]  # fmt: skip


def test_a_row_of_several_lines_that_does_not_fit_is_read_again_line_by_line() -> None:
    text = HEADER + 'T1,"Team,F,TEAM\nT2,Team,F,TEAM\nT3,"Team",F,TEAM\nT4,Team,F,TEAM\n'
    found = rows(text)
    assert [row[3] for row in found] == ["T1", "T2", "T3", "T4"]
    assert [row[0] for row in found if row[1]] == [1]


def test_many_quotes_that_are_never_closed_stay_quick() -> None:
    text = HEADER + "".join(f'T{n},"Team {n},F,TEAM\n' for n in range(3000))
    assert len(rows(text)) == 3000


def test_a_header_far_down_is_not_looked_for() -> None:
    with pytest.raises(DeliveryRefused, match="no header row"):
        rows("line\n" * 40 + HEADER + "F,Force,,FORCE\n")


@pytest.mark.parametrize(
    "name", ["Org Unit Code", "ORG_UNIT_CODE", "org-unit code ", "OrgUnitCode"]
)
def test_how_a_column_is_spelled_does_not_matter(name: str) -> None:
    assert normalised(name) == "orgunitcode"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"name\nA", "utf-8"),
        ("näme\nA".encode(), "utf-8"),
        ("näme\nA".encode("cp1252"), "cp1252"),
        ("näme\nA".encode("utf-8-sig"), "utf-8-sig"),
        ("näme\nA".encode("utf-16"), "utf-16"),
        ("employee, näme, Ā, other\n".encode("utf-16-le"), "utf-16-le"),
        ("employee, näme, Ā, other\n".encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_encodings_are_told_apart(data: bytes, encoding: str) -> None:
    assert detect_encoding(io.BytesIO(data)).name == encoding
