"""Rows are removed from workbooks, and all other rows can be read as before."""

import io
import zipfile
from datetime import date
from typing import Any

import pytest
import xlsxwriter

from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.row_removal import remove_rows
from oic_assurance.sources.files.tabular import read_tables
from tests.integration.landing.support import workbook
from tests.unit.sources.files.org_units import content

HYDRA = dataset("hydra/attendance")


@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
def test_the_other_rows_of_a_workbook_read_the_same(options: dict[str, bool]) -> None:
    sheets: dict[str, list[list[Any]]] = {
        "Sessions": [["Sessions of the year"],
                     ["Session Code", "session_date", "venue", "capacity"],
                     ["S1", date(2026, 1, 5), "Hall", 20], [None],
                     ["S2", 46030, " Hall 2", 12.5], ["Total", 2]],
        "Attendance": [["session_code", "employee_no", "attended", "outcome"],
                       ["S1", 17, "Y", "PASS"], ["S1", "000002", "N", None]],
        "Notes": [["about 17"]],
    }  # fmt: skip
    raw = workbook(sheets, **options)
    with remove_rows(content(raw), HYDRA, {"hydra_attendance": [1]}, {}) as left:
        found = {one.table.name: list(one.rows) for one in read_tables(left, HYDRA)}
        first = left.sha256
    before = {one.table.name: list(one.rows) for one in read_tables(content(raw), HYDRA)}
    assert found["hydra_session"] == before["hydra_session"]
    assert [row[3:] for row in found["hydra_attendance"]] == [["S1", "000002", "N", ""]]
    with remove_rows(content(raw), HYDRA, {"hydra_attendance": [1]}, {}) as left:
        assert left.sha256 == first


def test_a_row_is_removed_from_shared_texts_and_unreliable_cells_of_others_stay() -> None:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sessions, attendance = book.add_worksheet("Sessions"), book.add_worksheet("Attendance")
    further = book.add_worksheet("Further")
    sessions.write_row(0, 0, ["session_code", "session_date", "venue", "capacity"])
    sessions.write_row(1, 0, ["S1", 46030, "Hall", 20])
    attendance.write_row(0, 0, ["session_code", "employee_no", "attended", "outcome"])
    attendance.write_row(1, 0, ["S1", "GONE77", "Y", "PASS"])
    attendance.write_row(2, 0, ["S1", "000002", "N", ""])
    attendance.write_formula(3, 0, '="S"&1', None, "S1")
    attendance.write_row(3, 1, ["000003", "Y", "PASS"])
    attendance.merge_range(4, 0, 5, 0, "S1")
    attendance.write_row(4, 1, ["000004", "Y", "PASS"])
    attendance.write_row(5, 1, ["000005", "Y", "PASS"])
    further.write_row(0, 0, ["GONE77 is written here too"])
    book.close()
    raw = stream.getvalue()
    before = {one.table.name: list(one.rows) for one in read_tables(content(raw), HYDRA)}
    with remove_rows(content(raw), HYDRA, {"hydra_attendance": [1]}, {}) as left:
        found = {one.table.name: list(one.rows) for one in read_tables(left, HYDRA)}
        left.stream.seek(0)
        with zipfile.ZipFile(left.stream) as parts:
            assert not [name for name in parts.namelist() if b"GONE77" in parts.read(name)]
    expected = [row[1:] for row in before["hydra_attendance"][1:]]
    assert [row[1:] for row in found["hydra_attendance"]] == expected
    assert [row[1] for row in found["hydra_attendance"]].count(None) < len(expected)
