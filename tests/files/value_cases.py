"""Values: dates, numbers, codes, local times."""

from typing import Any

from tests.files.case import COMPLETIONS, LOG, PEOPLE, PERSONNEL, Case, Records, Rejected, utc

DATES, VALUES = "Dates and times", "Other values"
BAD_DATE = ["start_date is not a date"]
BOTH_DATES = {"start_date": 3, "leave_date": 1}


def _person(
    group: str,
    name: str,
    *rejected: Rejected,
    refused: str | None = None,
    records: Records | None = None,
    **notes: Any,
) -> Case:
    return Case(
        name,
        group,
        PERSONNEL,
        refused=refused,
        rejected=rejected,
        notes={"personnel": notes} if notes else {},
        records=None if records is None else {"personnel": records},
    )


def _completion(
    group: str,
    name: str,
    records: Records,
    *rejected: Rejected,
    refused: str | None = None,
    **notes: Any,
) -> Case:
    return Case(
        name,
        group,
        COMPLETIONS,
        refused=refused,
        rejected=rejected,
        notes={"completion": notes} if notes else {},
        records={"completion": records},
    )


def _state(employee_no: str, at: str, is_ambiguous: bool = False, score: Any = None) -> Records:
    key = f'({employee_no},OIC-EL,OIC-EL-1,1,COMPLETED,"{at.replace("T", " ")}+00")'
    return {key: (employee_no, utc(at), is_ambiguous, score)}


def _all_at_nine() -> Records:
    found: Records = {}
    for number in range(1, 7):
        found |= _state(f"00000{number}", "2025-06-02T09:00:00")
    return found


CASES = [
    _person(DATES, "British dates", dates_written_dd_mm_yyyy=BOTH_DATES),
    _person(DATES, "short British dates", dates_written_dd_mm_yyyy=BOTH_DATES),
    _person(DATES, "dates with a time", dates_written_dd_mm_yyyy=BOTH_DATES),
    _person(DATES, "Excel serials as text", dates_written_as_excel_serials=BOTH_DATES),
    _person(
        DATES,
        "American dates",
        refused="start_date is written month first in 1 rows (the first is row 2), so its"
        " other dates are ambiguous",
    ),
    _person(
        DATES,
        "one date month first",
        (4, "000777", BAD_DATE),
        dates_written_dd_mm_yyyy={"start_date": 4, "leave_date": 1},
    ),
    _person(
        DATES,
        "two-digit years",
        (4, "000777", BAD_DATE),
        dates_written_dd_mm_yyyy={"start_date": 1},
    ),
    _person(DATES, "months as words", (4, "000777", BAD_DATE)),
    _person(DATES, "a day that does not exist", (4, "000777", BAD_DATE)),
    _completion(
        DATES,
        "date-times in every form",
        _all_at_nine(),
        leading_zeros_restored={"employee_no": 6},
        dates_written_dd_mm_yyyy={"completed_at": 2},
        dates_written_as_excel_serials={"completed_at": 1},
    ),
    _completion(
        DATES,
        "a local time that occurs twice",
        _state("000001", "2025-10-26T00:30:00", is_ambiguous=True)
        | _state("000002", "2025-10-26T00:30:00"),
        times_a_clock_change_repeats_or_skips={"completed_at": 1},
    ),
    _completion(
        DATES,
        "a local time that was skipped",
        _state("000123", "2025-03-30T01:30:00", is_ambiguous=True),
        times_a_clock_change_repeats_or_skips={"completed_at": 1},
    ),
    _completion(
        DATES,
        "American date-times",
        {},
        refused="completed_at is written month first in 1 rows (the first is row 1), so its"
        " other dates are ambiguous",
    ),
    # ------------------------------------------------------------
    _person(VALUES, "lost zeros", leading_zeros_restored={"employee_no": 2}),
    _person(
        VALUES,
        "an employee number with a decimal point",
        (4, None, ["employee_no is not a number of up to 6 digits"]),
        rows_without_key=1,
    ),
    _person(
        VALUES,
        "an unknown code",
        (4, "000777", ["employment_type is not one of OFFICER, STAFF, SPECIAL, PCSO"]),
    ),
    _person(
        VALUES,
        "three faults in one row",
        (
            4,
            None,
            [
                "employee_no is not a number of up to 6 digits",
                "employment_type is not one of OFFICER, STAFF, SPECIAL, PCSO",
                "start_date is not a date",
            ],
        ),
        rows_without_key=1,
    ),
    _person(VALUES, "a row twice", repeated_rows_collapsed=1),
    _person(
        VALUES,
        "a key twice with different content",
        (2, "004567", ["key occurs twice with different content: rows 2, 4"]),
        (4, "004567", ["key occurs twice with different content: rows 2, 4"]),
        records={key: row for key, row in PEOPLE.items() if key != "004567"},
    ),
    _completion(
        VALUES,
        "a score that is not a number",
        _state("000123", "2025-06-02T09:00:00"),
        unreadable_made_blank={"score": 1},
    ),
    _completion(
        VALUES,
        "completed without a time",
        {},
        (
            1,
            "(000123,OIC-EL,OIC-EL-1,1,COMPLETED,)",
            ["completed_at is missing though status is COMPLETED"],
        ),
    ),
    _completion(VALUES, "only a header, in a delivery of changes", {}),
    Case(
        "quoted newlines, quotes and delimiters",
        VALUES,
        LOG,
        notes={
            "recommendation_event": {
                "line_ends": "mixed",
                "dates_written_dd_mm_yyyy": {"event_at": 1},
            }
        },
        records={
            "recommendation_event": {
                # The comment, with another quoted newline, is not landed.
                # The status is no code of the list.
                '("2025-06-01 08:30:00+00",HYDRA,FORCE,OTHER)': ("OTHER",),
                '("2025-07-01 09:00:30+00",HYDRA,COMMISSIONER,not_assured)': ("not_assured",),
            }
        },
    ),
]
