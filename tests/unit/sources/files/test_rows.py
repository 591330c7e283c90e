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


@pytest.mark.parametrize("line", ["Total,3", "Total,,,17", "Total,01/06/2026", "Row count,200"])
def test_a_last_line_whose_figures_do_not_add_up_is_a_row(line: str) -> None:
    assert len(rows(HEADER + "F,Force,,FORCE\nT1,Team,F,TEAM\n" + line)) == 3


def test_the_sum_of_a_column_adds_up() -> None:
    text = HEADER + "F,10,,FORCE\nT1,7,F,TEAM\n\nTotal,17\n"
    assert codes(text) == ["F", "T1"]


def test_a_total_that_adds_up_is_left_out_after_one_that_does_not() -> None:
    text = HEADER + "F,10,,FORCE\nT1,7,F,TEAM\nSubtotal,5,,\nTotal,2,,\n"
    assert codes(text) == ["F", "T1", "Subtotal"]


def test_a_report_may_say_when_it_was_made() -> None:
    text = HEADER + "F,Force,,FORCE\nGenerated,01/06/2026 06:00,,\n"
    assert codes(text) == ["F"]
