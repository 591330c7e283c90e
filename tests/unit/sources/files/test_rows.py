"""Lines of a file become numbered rows. Blank lines and lines with totals are left out."""

import pytest

from tests.unit.sources.files.org_units import HEADER, rows


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
def test_total_lines_below_the_rows_are_left_out(line: str) -> None:
    assert codes(HEADER + "F,Force,,FORCE\nT1,Team,F,TEAM\n" + line) == ["F", "T1"]


def test_a_unit_whose_name_looks_like_a_total_is_a_row() -> None:
    text = HEADER + "TOTAL,Total policing,,TEAM\nROWS,Rows and lines,F,TEAM\n"
    assert codes(text) == ["TOTAL", "ROWS"]


def test_a_total_line_in_the_middle_is_a_broken_row() -> None:
    [first, total, last] = rows(HEADER + "F,Force,,FORCE\nTotal,1\nT1,Team,F,TEAM\n")
    assert (first[3], last[3]) == ("F", "T1")
    assert total[1] == "the row has 2 cells where the header has 4"


def test_a_row_with_the_wrong_width_has_its_original_cells_as_json() -> None:
    [row] = rows(HEADER + "T1,North, East,F,TEAM\n")
    assert row[:3] == [
        1, "the row has 5 cells where the header has 4", '["T1", "North", " East", "F", "TEAM"]',
    ]  # fmt: skip
