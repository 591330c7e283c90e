"""Damaged files: defects on the way from the exporting system to the dropzone."""

import csv
import gzip
import io
import itertools
import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from tests.catalogue.defect import NOTHING, Files, defect
from tests.catalogue.rewrite import (
    Sheets,
    change_book,
    change_rows,
)


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def half_a_file(files: Files) -> bytes:
    """The transfer was interrupted: only half of the personnel file arrived."""
    return files.today[: len(files.today) // 2]


@defect("file", place="hr/personnel", caught_by="raw_general.personnel list_differs_from_previous")
def yesterdays_file_under_todays_name(files: Files) -> bytes:
    """The export failed, and the scheduler sent the previous day's file under today's name."""
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
    """The export's query found no officers: the file has a header but no rows."""
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
    """The new HR system renamed the unit column to `team`."""
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
    """Somebody opened the file in a spreadsheet and saved it: numbers lost their leading zeros."""
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
    """The server's language changed: dates became month/day/year."""

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
    only_new_records=True,
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
    """The download saved the portal's login page under the file's name."""
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


@defect("file", place="hr/personnel", caught_by="hr/personnel quarantine")
def a_total_that_does_not_add_up(files: Files) -> bytes:
    """The last row states a total that is not the number of rows."""
    return b"".join([*files.lines, b"Total,9999,,,,,,,\n"])


@defect("file", place="hr/personnel", caught_by="hr/personnel quarantine")
def keys_lost(files: Files) -> bytes:
    """In one row of forty, an export wrote a formula's error instead of the employee number."""
    lines = files.lines
    lines[20::40] = [b"#N/A" + line[6:] for line in lines[20::40]]
    return b"".join(lines)


@defect("file", place="lms/completions", caught_by="raw_general.completion new_rows_listed_again")
def half_of_the_days_completions(files: Files) -> bytes:
    """The report stopped after a page: the second half of a day's completions is missing."""
    return b"".join(files.lines[: len(files.lines) // 2])


@defect("file", place="hr/personnel", caught_by="hr/personnel refused")
def the_people_of_a_test_system(files: Files) -> bytes:
    """The file came from the test system, whose employees have other numbers."""
    return change_rows(
        files.today, lambda row: {**row, "employee_no": f"9{row['employee_no'][1:]}"}
    )


@defect("file", place="hr/personnel", caught_by="raw_general.personnel few_corrections")
def the_roles_of_a_test_system(files: Files) -> bytes:
    """The file came from the test system, in which the same employees have other roles."""
    reader = csv.DictReader(io.StringIO(files.today.decode("utf-8-sig")))
    roles = [row["role_code"] for row in reader]
    others = iter(roles[7:] + roles[:7])
    return change_rows(files.today, lambda row: {**row, "role_code": next(others)})


@defect("file", place="hr/personnel", caught_by="raw_general.personnel few_corrections")
def a_team_renamed_in_personnel_only(files: Files) -> bytes:
    """HR changed a team's code, but the list of units still has the old code."""
    return files.today.replace(b",D1-RESP-A,", b",D1-RESPONSE-A,")


@defect("file", place="hr/personnel", caught_by="raw_general.personnel few_corrections")
def a_role_without_training(files: Files) -> bytes:
    """A mapping gave one person in twenty-five a role that needs no training."""
    count = itertools.count()
    return change_rows(
        files.today,
        lambda row: {**row, "role_code": row["role_code"] if next(count) % 25 else "PLANNING"},
    )


@defect("file", place="hr/personnel", caught_by=NOTHING)
def dates_with_an_offset(files: Files) -> bytes:
    """After an upgrade the export wrote each date as the UTC moment at which that day began."""

    def moment(day: str) -> str:
        if not day:
            return ""
        began = datetime.combine(date.fromisoformat(day), time(), ZoneInfo("Europe/London"))
        return f"{began.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    return change_rows(
        files.today,
        lambda row: {
            **row, "start_date": moment(row["start_date"]), "leave_date": moment(row["leave_date"]),
        },
    )  # fmt: skip


@defect("file", place="hr/org_unit", caught_by="hr/org_unit refused")
def the_units_of_another_force(files: Files) -> bytes:
    """A shared service sent the neighbouring force's list of units."""
    return change_rows(
        files.today,
        lambda row: {
            **row, "org_unit_code": f"L-{row['org_unit_code']}",
            "parent_org_unit_code": row["parent_org_unit_code"]
            and f"L-{row['parent_org_unit_code']}",
        },
    )  # fmt: skip


@defect("file", place="hr/org_unit", caught_by="raw_general.org_unit few_corrections")
def every_team_under_the_force(files: Files) -> bytes:
    """The export lost the levels in between: every team is directly below the force."""
    return change_rows(
        files.today,
        lambda row: {**row, "parent_org_unit_code": "NP"} if row["kind"] == "TEAM" else row,
    )


@defect("file", place="hr/org_unit", caught_by="raw_general.org_unit few_corrections")
def the_districts_exchanged(files: Files) -> bytes:
    """Somebody sorted one column only: the teams of two districts are in the other district."""
    other = {"D1": "D2", "D2": "D1"}
    return change_rows(
        files.today,
        lambda row: {
            **row, "parent_org_unit_code":
            other.get(row["parent_org_unit_code"], row["parent_org_unit_code"]),
        },
    )  # fmt: skip


@defect("file", place="governance/plans", caught_by="candidate.fct_plan_strand strands_stay_met")
def owners_emptied(files: Files) -> bytes:
    """Somebody cleared the owner column of the plan register."""
    return change_book(files.today, lambda sheets: _column(sheets, "Plans", "owner_role", ""))


@defect("file", place="governance/plans", caught_by="candidate.fct_plan_strand strands_stay_met")
def evidence_emptied(files: Files) -> bytes:
    """A new template of the plan register has no references to evidence yet."""
    return change_book(files.today, lambda sheets: _column(sheets, "Plans", "evidence_ref", ""))


@defect(
    "file",
    place="governance/plans",
    caught_by="candidate.assurance_position_day position_not_moved_by_corrections",
)
def approvals_in_the_future(files: Files) -> bytes:
    """Somebody typed the coming year into each approval date."""
    day = date(2027, 1, 15)
    return change_book(files.today, lambda sheets: _column(sheets, "Plans", "approved_date", day))


@defect(
    "file",
    place="governance/plans",
    caught_by="candidate.assurance_position_day missed_deadline_not_made_met_by_corrections",
)
def approvals_dated_back(files: Files) -> bytes:
    """Somebody dated the approvals of all plans back to a day before the deadline."""
    day = date(2025, 12, 1)
    return change_book(files.today, lambda sheets: _column(sheets, "Plans", "approved_date", day))


@defect(
    "file",
    place="hydra/attendance",
    caught_by="candidate.assurance_position_day position_not_moved_by_corrections",
)
def refer_became_pass(files: Files) -> bytes:
    """A clean-up of outcomes made every REFER a PASS, and every absence an attendance."""

    def change(sheets: Sheets) -> Sheets:
        rows = [[*row[:2], "Y", "PASS"] for row in sheets["Attendance"][1:]]
        return {**sheets, "Attendance": [sheets["Attendance"][0], *rows]}

    return change_book(files.today, change)


@defect("file", place="hydra/attendance", caught_by="raw_general.hydra_attendance few_corrections")
def only_refer_became_pass(files: Files) -> bytes:
    """A clean-up of outcomes made every REFER a PASS."""

    def change(sheets: Sheets) -> Sheets:
        rows = [[*row[:3], "PASS" if row[3] == "REFER" else row[3]] for row in sheets["Attendance"]]
        return {**sheets, "Attendance": rows}

    return change_book(files.today, change)


@defect("file", place="hydra/attendance", caught_by="raw_general.hydra_attendance few_corrections")
def outcomes_cleared(files: Files) -> bytes:
    """A new version of the workbook has no outcomes of earlier sessions."""
    return change_book(files.today, lambda sheets: _column(sheets, "Attendance", "outcome", ""))


@defect("file", place="hydra/attendance", caught_by=NOTHING)
def attendance_of_a_cancelled_session(files: Files) -> bytes:
    """A session was removed from the list of sessions, but its attendance rows stayed."""

    def change(sheets: Sheets) -> Sheets:
        rows = [row for row in sheets["Sessions"] if row[0] != "HYD-26-07"]
        return {**sheets, "Sessions": rows}

    return change_book(files.today, change)


@defect("file", place="hydra/attendance", caught_by="raw_general.hydra_session few_corrections")
def old_sessions_archived(files: Files) -> bytes:
    """Last year's sessions were moved to an archive, but their attendance rows stayed."""

    def change(sheets: Sheets) -> Sheets:
        rows = [row for row in sheets["Sessions"] if not str(row[0]).startswith("HYD-25")]
        return {**sheets, "Sessions": rows}

    return change_book(files.today, change)


@defect("file", place="hydra/attendance", caught_by="raw_general.hydra_session few_corrections")
def sessions_a_year_later(files: Files) -> bytes:
    """Somebody copied the date of the last session into all sessions."""
    day = date(2026, 6, 18)
    return change_book(files.today, lambda sheets: _column(sheets, "Sessions", "session_date", day))


@defect("file", place="hr/personnel", caught_by="raw_general.personnel few_corrections")
def collar_numbers_reassigned(files: Files) -> bytes:
    """A renumbering gave every officer the collar number of the next officer in the list."""
    reader = csv.DictReader(io.StringIO(files.today.decode("utf-8-sig")))
    numbers = [row["collar_no"] for row in reader if row["collar_no"]]
    others = iter(numbers[1:] + numbers[:1])
    return change_rows(
        files.today,
        lambda row: {**row, "collar_no": next(others)} if row["collar_no"] else row,
    )


@defect("file", place="hr/personnel", caught_by="raw_general.personnel few_corrections")
def collar_numbers_lost(files: Files) -> bytes:
    """The collar number was blank for half of the officers."""
    count = itertools.count()
    return change_rows(
        files.today, lambda row: {**row, "collar_no": row["collar_no"] if next(count) % 2 else ""}
    )


@defect("file", place="hr/personnel", caught_by="raw_general.personnel few_corrections")
def absences_in_bulk(files: Files) -> bytes:
    """A script put a third of all people on a long-term absence."""
    count = itertools.count()
    return change_rows(
        files.today,
        lambda row: row if next(count) % 3 else {**row, "absence_status": "LONG_TERM_SICK"},
    )


@defect("file", place="hr/personnel", caught_by="raw_general.personnel few_corrections")
def absences_cleared(files: Files) -> bytes:
    """The long-term absence was blank for everybody."""
    return change_rows(files.today, lambda row: {**row, "absence_status": ""})


@defect("file", place="hr/personnel", caught_by="raw_general.personnel few_corrections")
def start_dates_in_the_future(files: Files) -> bytes:
    """A change of contracts moved one person in ten to a first day in post next year."""
    count = itertools.count()
    return change_rows(
        files.today,
        lambda row: row if next(count) % 10 else {**row, "start_date": "2027-01-01"},
    )


@defect("file", place="hr/personnel", caught_by="hr/personnel not taken")
def a_compressed_file(files: Files) -> dict[str, bytes]:
    """The transfer compressed the file, and the compressed file was not taken."""
    return {"personnel_20260504.csv.gz": gzip.compress(files.today)}


@defect("file", place="hr/personnel", caught_by="hr/personnel not taken")
def a_second_version(files: Files) -> dict[str, bytes]:
    """Somebody put a corrected file beside the day's file, under a name of their own."""
    return {"personnel_20260504.csv": files.today, "personnel_20260504_v2.csv": files.lines[0]}


@defect("file", place="lms/completions", caught_by="lms/completions not taken")
def a_name_without_a_day(files: Files) -> dict[str, bytes]:
    """The report was renamed, and its new name has no date."""
    return {"completions.csv": files.today}


@defect("file", place="hr/personnel", caught_by=NOTHING)
def a_name_in_capitals(files: Files) -> dict[str, bytes]:
    """Another server's export writes file names in capitals, which landing accepts."""
    return {"PERSONNEL_20260504.CSV": files.today}


@defect("file", place="hr/personnel", caught_by="hr/personnel not taken")
def a_file_of_the_future(files: Files) -> dict[str, bytes]:
    """A file of planned data, with a future date in its name, came beside the day's file."""
    return {"personnel_20260504.csv": files.today, "personnel_20990504.csv": files.yesterday}


@defect("file", place="lms/completions", caught_by="lms/completions quarantine")
def a_last_line_cut_off(files: Files) -> bytes:
    """The transfer was interrupted in the last line."""
    return files.today[:-12]


@defect("file", place="lms/completions", caught_by="raw_general.completion new_rows_listed_again")
def versions_as_decimals(files: Files) -> bytes:
    """A spreadsheet wrote module versions as 1.0: a day's completions match no module."""
    return files.today.replace(b";1;", b";1.0;")


def _column(sheets: Sheets, sheet: str, name: str, value: object) -> Sheets:
    """Return all sheets, with the same value in every row of one column of one sheet."""
    head, *rows = sheets[sheet]
    place = head.index(name)
    return {
        **sheets, sheet: [head, *([*row[:place], value, *row[place + 1 :]] for row in rows)],
    }  # fmt: skip
