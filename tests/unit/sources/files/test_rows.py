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


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        # The name of a unit looks like a total.
        ("TOTAL,Total policing,,TEAM\nROWS,Rows and lines,F,TEAM\n", ["TOTAL", "ROWS"]),
        # The sum of a column adds up.
        ("F,10,,FORCE\nT1,7,F,TEAM\n\nTotal,17\n", ["F", "T1"]),
        # One total does not add up, and the next one does.
        ("F,10,,FORCE\nT1,7,F,TEAM\nSubtotal,5,,\nTotal,2,,\n", ["F", "T1", "Subtotal"]),
        # A report says when it was made.
        ("F,Force,,FORCE\nGenerated,01/06/2026 06:00,,\n", ["F"]),
    ],
)
def test_what_may_be_a_total_is_looked_at_with_its_figures(lines: str, left: list[str]) -> None:
    assert codes(HEADER + lines) == left


def test_a_total_line_in_the_middle_is_a_broken_row() -> None:
    [first, total, last] = rows(HEADER + "F,Force,,FORCE\nTotal,1\nT1,Team,F,TEAM\n")
    assert (first[3], last[3]) == ("F", "T1")
    assert total[1] == "the row has 2 cells where the header has 4"


def test_a_row_with_the_wrong_width_has_its_original_cells_as_json() -> None:
    [row] = rows(HEADER + "T1,North, East,F,TEAM\n")
    assert row[:3] == [
        1, "the row has 5 cells where the header has 4", '["T1", "North", " East", "F", "TEAM"]',
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["Total,3", "Total,,,17", "Total,01/06/2026", "Row count,200"])
def test_a_last_line_whose_figures_do_not_add_up_is_a_row(line: str) -> None:
    assert len(rows(HEADER + "F,Force,,FORCE\nT1,Team,F,TEAM\n" + line)) == 3
