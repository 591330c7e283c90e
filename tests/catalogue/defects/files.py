"""Damaged files: defects that happen between the exporting system and the dropzone."""

import re

from tests.catalogue.defect import NOTHING, Files, defect
from tests.catalogue.rewrite import (
    Sheets,
    change_book,
    change_rows,
)


@defect(
    "file",
    place="hr/personnel",
    caught_by="candidate.assurance_measure training_numbers_stay_close",
)
def half_a_file(files: Files) -> bytes:
    """The transfer broke off: half of the personnel file arrived."""
    return files.today[: len(files.today) // 2]


@defect("file", place="hr/personnel", caught_by="raw_general.personnel list_differs_from_previous")
def yesterdays_file_under_todays_name(files: Files) -> bytes:
    """The export failed and the scheduler sent the file of the day before under today's name."""
    return files.yesterday


@defect("file", place="hr/personnel", caught_by="raw_general.personnel no_old_list_resent")
def a_stale_snapshot(files: Files) -> bytes:
    """A restored server exported the personnel of four months ago under today's name."""
    return files.first


@defect("file", place="lms/completions", caught_by="lms/completions refused")
def an_empty_file(files: Files) -> bytes:
    """The export wrote nothing, and the empty file was sent."""
    return files.today[:0]


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def an_empty_full_list(files: Files) -> bytes:
    """The query of the export found no officers: the file has a header and no rows."""
    return files.lines[0]


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def a_header_lost(files: Files) -> bytes:
    """The header was lost in an append."""
    return b"".join(files.lines[1:])


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def a_header_shifted(files: Files) -> bytes:
    """A column was added to the header but not to the rows: values are in the wrong column."""
    return files.today.replace(b"employee_no,", b"row_id,employee_no,", 1)


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def a_column_renamed_in_the_file(files: Files) -> bytes:
    """The new HR system renamed the column of the unit to `team`."""
    return files.today.replace(b"org_unit_code", b"team", 1)


@defect(
    "file",
    place="hr/personnel",
    caught_by="candidate.assurance_measure training_numbers_stay_close",
)
def columns_swapped(files: Files) -> bytes:
    """The headers of the columns for role and unit were swapped."""
    return files.today.replace(b"role_code,org_unit_code", b"org_unit_code,role_code", 1)


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def another_dataset(files: Files) -> bytes:
    """Two exports were swapped: each file is in the folder of the other dataset."""
    return b"org_unit_code,org_unit_name,parent_org_unit_code,kind\nNP,Police,,FORCE\n"


@defect("file", place="hr/personnel", caught_by=NOTHING)
def leading_zeros_lost(files: Files) -> bytes:
    """Somebody opened the file in a spreadsheet and saved it: numbers lost their zeros."""
    return change_rows(
        files.today, lambda row: {**row, "employee_no": row["employee_no"].lstrip("0")}
    )


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def a_duplicate_key_in_the_file(files: Files) -> bytes:
    """A join in the export wrote two different rows for each officer with two posts."""
    second_posts = [
        line.replace(b"RESPONSE", b"NEIGHBOURHOOD") for line in files.lines if b",RESPONSE," in line
    ]
    return b"".join([*files.lines, *second_posts])


@defect("file", place="hr/personnel", caught_by="raw_general.personnel row_count_like_previous")
def a_file_doubled(files: Files) -> bytes:
    """The file was appended to itself."""
    return b"".join([*files.lines, *files.lines[1:]])


@defect(
    "file",
    place="hr/personnel",
    caught_by="candidate.assurance_measure training_numbers_stay_close",
)
def leavers_returned(files: Files) -> bytes:
    """The last day in post was blank for everybody: leavers seem to be in post again."""
    return change_rows(files.today, lambda row: {**row, "leave_date": ""})


@defect(
    "file",
    place="hr/personnel",
    caught_by="candidate.assurance_measure training_numbers_stay_close",
)
def blanks_as_a_date(files: Files) -> bytes:
    """A blank last day in post was exported as 1 January 1900: everybody seems to have left."""
    return change_rows(
        files.today, lambda row: {**row, "leave_date": row["leave_date"] or "1900-01-01"}
    )


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def blanks_as_zero(files: Files) -> bytes:
    """A blank last day in post was exported as a zero."""
    return change_rows(files.today, lambda row: {**row, "leave_date": row["leave_date"] or "0"})


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def american_dates_in_the_file(files: Files) -> bytes:
    """The server's language changed: dates became month, day and year with slashes."""

    def american(day: str) -> str:
        return re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\2/\3/\1", day)

    return change_rows(
        files.today,
        lambda row: {
            **row, "start_date": american(row["start_date"]),
            "leave_date": american(row["leave_date"]),
        },
    )  # fmt: skip


@defect(
    "file",
    place="hr/personnel",
    caught_by="candidate.assurance_measure training_numbers_stay_close",
)
def test_people_in_the_file(files: Files) -> bytes:
    """Two hundred invented officers of a system test were exported with the real ones."""
    rows = [
        f"{990000 + n},T{n},OFFICER,PC,RESPONSE,D1-RESP-D,2020-01-01,,\n".encode()
        for n in range(200)
    ]
    return b"".join([*files.lines, *rows])


@defect(
    "file",
    place="hr/personnel",
    caught_by="candidate.assurance_measure training_numbers_stay_close",
)
def roles_renamed(files: Files) -> bytes:
    """The roles got new codes in a reorganisation: no role that needs training is found."""
    return change_rows(files.today, lambda row: {**row, "role_code": f"R-{row['role_code']}"})


@defect("file", place="hr/personnel", caught_by=NOTHING)
def another_encoding(files: Files) -> bytes:
    """The export changed to UTF-16."""
    return files.today.decode("utf-8-sig").encode("utf-16")


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def an_error_page(files: Files) -> bytes:
    """The download saved the login page of the portal under the file's name."""
    return b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body></body></html>\n"


@defect("file", place="lms/completions", caught_by="lms/completions refused")
def a_status_translated(files: Files) -> bytes:
    """After an upgrade the learning system wrote PASSED instead of COMPLETED."""
    return files.today.replace(b"COMPLETED", b"PASSED")


@defect("file", place="hydra/attendance", caught_by="hydra/attendance refused")
def a_sheet_emptied(files: Files) -> bytes:
    """The attendance sheet was cleared for a new year before the workbook was exported."""

    def change(sheets: Sheets) -> Sheets:
        header = [row for row in sheets["Attendance"] if "session" in str(row[0]).lower()]
        return {**sheets, "Attendance": header[-1:]}

    return change_book(files.today, change)


@defect("file", place="hydra/attendance", caught_by="hydra/attendance refused")
def a_sheet_renamed(files: Files) -> bytes:
    """Somebody renamed a sheet."""
    return change_book(
        files.today,
        lambda sheets: {name.replace("Attend", "Book"): sheets[name] for name in sheets},
    )
