"""Excel workbooks: dates and numbers, unusual content, and files that are not valid workbooks."""

from collections.abc import Callable
from datetime import date
from typing import Any

from tests.files import workbooks as made
from tests.files.case import HYDRA, SESSIONS, Case, Records, Rejected
from tests.files.workbooks import both, repacked, sheet, with_dates, with_numbers, written
from tests.integration.landing.support import workbook

LANDED, NO_WORKBOOK = "Workbooks", "Wrong and damaged workbooks"
DATES = {"dates_written_dd_mm_yyyy": {"session_date": 2}}
SERIALS = {"dates_written_as_excel_serials": {"session_date": 2}}
FROM_1904 = {"days_counted_from": 1904}
WITHOUT_H1 = {"H2": SESSIONS["H2"]}


def _lands(
    name: str,
    make: Callable[[], bytes],
    sessions: dict[str, Any] | None = None,
    attendance: dict[str, Any] | None = None,
    *rejected: Rejected,
    records: Records | None = None,
) -> Case:
    notes = {"hydra_session": sessions or {}, "hydra_attendance": attendance or {}}
    case = Case(name, LANDED, HYDRA, make, rejected=rejected)
    landed = case.expected() | ({"hydra_session": records} if records is not None else {})
    return Case(
        name,
        LANDED,
        HYDRA,
        make,
        notes={table: found for table, found in notes.items() if found},
        rejected=rejected,
        records=landed,
    )


def _refused(name: str, make: Callable[[], bytes], reason: str) -> Case:
    return Case(name, NO_WORKBOOK, HYDRA, make, refused=reason)


def _rejects(name: str, write: Callable[[Any, Any], None], reason: str, **notes: Any) -> Case:
    """Return a case in which the row of session H1 is rejected."""
    return _lands(
        name, lambda: written(write), notes, None, (1, "H1", [reason]), records=WITHOUT_H1
    )


def _hide(sessions: Any, attendance: Any) -> None:
    sessions.set_row(2, None, None, {"hidden": True})
    sessions.set_column(2, 3, None, None, {"hidden": True})
    attendance.hide()


def _formulas(sessions: Any, _: Any) -> None:
    sessions.write_formula(1, 2, '="Wootton "&"Hall"', None, "Wootton Hall")
    sessions.write_formula(1, 3, "=4*7", None, 28)


def _error(sessions: Any, _: Any) -> None:
    sessions.write_formula(1, 1, "=VLOOKUP(1,A:B,2)", None, "#N/A")
    sessions.write_formula(1, 3, "=#REF!", None, "#REF!")


def _boolean(_: Any, attendance: Any) -> None:
    attendance.write_boolean(1, 2, True)


def _html() -> bytes:
    return b"<html><table><tr><td>session_code</td></tr></table></html>"


CASES = [
    _lands("plain workbook", both),
    _lands("dates as text", lambda: both(with_dates(lambda day: f"{day:%d/%m/%Y}")), DATES),
    _lands(
        "dates as numbers without a format",
        lambda: both(with_dates(lambda day: (day - date(1899, 12, 30)).days)),
        SERIALS,
    ),
    _lands("dates with a time in a sheet", lambda: both(with_dates(lambda day: f"{day} 09:00:00"))),
    _lands("days counted from 1904", lambda: both(date_1904=True), FROM_1904, FROM_1904),
    _lands(
        "days counted from 1904, without a format",
        lambda: both(with_dates(lambda day: (day - date(1904, 1, 1)).days), date_1904=True),
        FROM_1904 | SERIALS,
        FROM_1904,
    ),
    _lands(
        "employee numbers as numbers",
        lambda: both(attendance=with_numbers(int)),
        None,
        {"leading_zeros_restored": {"employee_no": 3}},
    ),
    _lands(
        "employee numbers with blanks",
        lambda: both(attendance=with_numbers(lambda number: f" {number} ")),
        None,
        {"rows_trimmed": 3},
    ),
    _lands(
        "numbers as text",
        lambda: both([made.SESSIONS[0], [*made.SESSIONS[1][:3], "28"], made.SESSIONS[2]]),
    ),
    _lands(
        "title and total rows",
        lambda: both([["Hydra sessions"], [], *made.SESSIONS, ["Total", None, None, 28]]),
        {"lines_above_header": 2, "total_lines": 1},
    ),
    _lands(
        "a table that starts further right and down",
        lambda: both([[], *[[None, None, *row] for row in made.SESSIONS]]),
        {"lines_above_header": 1},
    ),
    _lands(
        "columns in another order in a sheet",
        lambda: both([[*row, None, None][3::-1] for row in made.SESSIONS]),
        {"columns_reordered": True},
    ),
    _lands(
        "a remark beside the table",
        lambda: both([*made.SESSIONS[:2], [*made.SESSIONS[2], None, "moved twice"]]),
        {"rows_with_cells_beside_the_columns": 1},
    ),
    _lands(
        "sheets in another order and spelling",
        lambda: workbook({"ATTENDANCE": made.ATTENDANCE, " sessions": made.SESSIONS}),
    ),
    _lands(
        "fifty more sheets",
        lambda: workbook(
            {f"Notes {n}": [["anything"]] for n in range(50)}
            | {"Sessions": made.SESSIONS, "Attendance": made.ATTENDANCE}
        ),
        {"sheets_kept_out": [*(f"Notes {n}" for n in range(20)), "and 30 more"]},
    ),
    _lands(
        "hidden sheets, rows and columns",
        lambda: written(_hide),
        {"hidden_rows": 1, "hidden_columns": 2},
        {"sheet": "hidden"},
    ),
    _lands("formulas", lambda: written(_formulas), {"formula_cells": 2}),
    _lands(
        "a header of 16,384 columns",
        lambda: both([[*made.SESSIONS[0], *(f"c{n}" for n in range(16_380))], *made.SESSIONS[1:]]),
        {"columns_kept_out": [*(f"c{n}" for n in range(20)), "and 16360 more"]},
    ),
    _lands(
        "a cell of 40,000 characters",
        lambda: repacked({made.TEXTS_PART: lambda xml: xml.replace(b"Wootton", b"W" * 40_000)}),
    ),
    _rejects(
        "cells that hold errors",
        _error,
        "session_date holds Excel's error #N/A; capacity holds Excel's error #REF!",
        formula_cells=2,
    ),
    _rejects(
        "a formula that was never calculated",
        lambda sessions, _: sessions.write_formula(1, 3, "=14+14", None, ""),
        "capacity is a formula that was never calculated",
        formula_cells=1,
    ),
    _lands(
        "merged cells",
        lambda: written(lambda sessions, _: sessions.merge_range("D2:D3", 28)),
        None,
        None,
        (2, "H2", ["capacity is merged with another cell"]),
        records={"H1": SESSIONS["H1"]},
    ),
    Case(
        "a tick for yes",
        LANDED,
        HYDRA,
        lambda: written(_boolean),
        rejected=((1, "(H1,000123)", ["attended is not one of Y, N"]),),
        records={
            "hydra_session": SESSIONS,
            "hydra_attendance": {"(H1,004567)": ("N", None), "(H2,000123)": ("Y", "REFER")},
        },
    ),
    # ------------------------------------------------------------
    _refused("a workbook of 0 bytes", lambda: b"", "it is empty (0 bytes)"),
    _refused(
        "a workbook with a password",
        lambda: made.office_document("EncryptedPackage"),
        "the workbook is protected by a password",
    ),
    _refused(
        "an archive with a password",
        made.marked_encrypted,
        "the workbook is protected by a password",
    ),
    _refused(
        "an .xls file as .xlsx",
        lambda: made.office_document("Workbook"),
        "it is an old Office document, not an .xlsx workbook",
    ),
    _refused(
        "an .ods file as .xlsx",
        lambda: made.archive(mimetype=b"x", content_xml=b"<x/>"),
        "it is an OpenDocument spreadsheet, not an .xlsx workbook",
    ),
    _refused(
        "an .xlsb file as .xlsx",
        lambda: made.archive(xl__workbook_bin=b"x"),
        "it is a binary workbook (.xlsb), not an .xlsx workbook",
    ),
    _refused("HTML as .xlsx", _html, "it is a web page or XML, not an .xlsx workbook"),
    _refused(
        "text as .xlsx", lambda: b"session_code,session_date\n", "it is not an .xlsx workbook"
    ),
    _refused(
        "another archive",
        lambda: made.archive(readme_txt=b"x"),
        "the workbook is damaged: the archive has no part xl/workbook.xml",
    ),
    _refused(
        "a workbook that is cut off",
        lambda: both()[:-300],
        "the workbook is damaged: File is not a zip file",
    ),
    _refused(
        "a damaged part",
        lambda: both().replace(b"PK\x03\x04", b"PK\x03\x05", 1),
        "the workbook is damaged: Bad magic number for file header",
    ),
    _refused(
        "a sheet that is not XML",
        lambda: repacked({made.SESSIONS_PART: b"<worksheet><sheetData>"}),
        "the sheet Sessions is damaged: no element found: line 1, column 22",
    ),
    _refused(
        "a sheet with a document type",
        lambda: repacked({made.SESSIONS_PART: sheet(b"", b"<!DOCTYPE x [<!ENTITY a 'b'>]>")}),
        "the sheet Sessions is damaged: it declares a document type",
    ),
    _refused(
        "a part that occurs twice",
        made.with_a_part_twice,
        "the workbook is damaged: it has a part twice, or too many parts",
    ),
    _refused(
        "a sheet without its part",
        lambda: repacked({made.SESSIONS_PART: None}),
        "the workbook is damaged: the sheet Sessions is not in it",
    ),
    _refused(
        "a missing sheet",
        lambda: workbook({"Sessions": made.SESSIONS}),
        "missing sheet Attendance",
    ),
    _refused(
        "two sheets with the same name",
        lambda: workbook({"Sessions": made.SESSIONS, "sessions ": [], "Attendance": []}),
        "Sessions and sessions could both be the sheet Sessions",
    ),
    _refused(
        "a missing column in a sheet",
        lambda: both([row[:3] for row in made.SESSIONS]),
        "sheet Sessions: missing column capacity",
    ),
    _refused(
        "sheets swapped",
        lambda: workbook({"Sessions": made.ATTENDANCE, "Attendance": made.SESSIONS}),
        "sheet Sessions: no header row with the columns session_code, session_date, capacity",
    ),
    _refused(
        "a workbook of another dataset",
        lambda: workbook({"Plans": [["plan_ref"]], "Milestones": [["plan_ref"]]}),
        "it looks like a file of governance/plans",
    ),
]
