"""Landing of several files, and their names. The file catalogue tests the contents of files."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest

from oic_assurance.state.read import state_session
from tests.integration.landing.support import (
    PERSONNEL,
    World,
    person,
)

NAME = "hr/personnel/personnel_20260101.csv"
HEADER = PERSONNEL.split(",")
PEOPLE = [
    ["000123", "C1", "OFFICER", "PC", "RESPONSE", "T1", "2020-02-01", "", ""],
    ["004567", "", "STAFF", "Grade F", "CUSTODY", "Café-2", "2021-12-31", "2026-01-10", ""],
    ["999999", "C9", "PCSO", "", "", "T1", "2019-03-04", "", "MATERNITY"],
]
LANDED = {
    "000123": ("C1", "OFFICER", "T1", date(2020, 2, 1), None, None),
    "004567": (None, "STAFF", "Café-2", date(2021, 12, 31), date(2026, 1, 10), None),
    "999999": ("C9", "PCSO", "T1", date(2019, 3, 4), None, "MATERNITY"),
}
COLUMNS = (
    "collar_no",
    "employment_type",
    "org_unit_code",
    "start_date",
    "leave_date",
    "absence_status",
)


def text(rows: list[list[str]] = PEOPLE) -> str:
    return "".join(",".join(row) + "\n" for row in [HEADER, *rows])


def test_a_refused_file_stops_no_other_and_is_refused_once(world: World) -> None:
    world.drop(NAME, "Dear all,\nno extract today, sorry.\n")
    world.personnel("20260102", *[",".join(row) for row in PEOPLE])
    [(file, reason)] = world.land("hr/personnel").refused
    assert file == "personnel_20260101.csv"
    assert world.state("hr/personnel", COLUMNS) == LANDED
    refused = [batch for batch in world.batches("hr/personnel") if batch["status"] == "refused"]
    assert [batch["reason"] for batch in refused] == [
        f"hr/personnel: personnel_20260101.csv: {reason}."
    ]
    assert world.land("hr/personnel").refused == []


def test_a_file_name_with_an_impossible_day_is_refused(world: World) -> None:
    world.drop("hr/personnel/personnel_20260231.csv", text())
    report = world.land("hr/personnel")
    assert report.refused == [("personnel_20260231.csv", "the day in its name does not exist")]
    assert world.land("hr/personnel").refused == []


NOT_TAKEN = {
    ".personnel_20260101.csv": "it is a hidden or temporary file of a program",
    "old/": "it is a folder, and files in subfolders are not read",
    "personnel.csv": "its name has no day, and only personnel_YYYYMMDD.csv is taken",
    "personnel_20260101 (2).csv": "it looks like a copy or another version of "
    "personnel_20260101.csv",
    "personnel_20260101.csv.gz": "it is compressed, and only personnel_YYYYMMDD.csv is taken",
    "personnel_20260101.csv.part": "its name says that it is not finished",
    "personnel_20260101.tmp": "its name says that it is not finished",
    "personnel_20260101.txt": "it does not end with .csv, and only personnel_YYYYMMDD.csv is taken",
    "personnel_20260101_v2.csv": "it looks like a copy or another version of "
    "personnel_20260101.csv",
    "personnel_link.csv": "it is a link, and links are not followed",
    "personnel_20991231.csv": "it is dated 31 December 2099, which is in the future",
    "staff_20260101.csv": "only personnel_YYYYMMDD.csv is taken",
}


def drop_not_taken(world: World) -> None:
    """Put each file and folder of `NOT_TAKEN` into the folder of personnel files."""
    for name in NOT_TAKEN:
        if name == "personnel_link.csv":
            (world.dropzone / "hr/personnel" / name).symlink_to("/nowhere")
        else:
            world.drop(f"hr/personnel/{name.replace('/', '/personnel_20250101.csv')}", text())


def test_whatever_is_not_taken_is_listed_with_its_reason(world: World) -> None:
    drop_not_taken(world)
    report = world.land("hr/personnel")
    assert (report.batches, report.refused, report.notes) == (0, [], [])
    assert {found.name: found.reason for found in report.not_taken} == NOT_TAKEN
    assert dict(world.query("select name, reason from audit.not_taken")) == NOT_TAKEN


def test_a_file_of_the_future_is_taken_when_its_day_has_come(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.drop("hr/personnel/personnel_20260502.csv", text(PEOPLE))
    clock = "oic_assurance.sources.files.dropped.utc_now"
    monkeypatch.setattr(clock, lambda: datetime(2026, 5, 1, 22, 59, tzinfo=UTC))
    report = world.land("hr/personnel")
    (found,) = report.not_taken
    assert (report.batches, found.reason) == (0, "it is dated 2 May 2026, which is in the future")
    monkeypatch.setattr(clock, lambda: datetime(2026, 5, 1, 23, 0, tzinfo=UTC))
    assert world.land("hr/personnel").batches == 1


def test_a_file_without_a_day_that_was_changed_in_the_future_is_not_taken(world: World) -> None:
    path = world.drop("governance/plans/plan_register.xlsx", "")
    os.utime(path, (0, datetime(2099, 5, 1, tzinfo=UTC).timestamp()))
    (found,) = world.land("governance/plans").not_taken
    assert found.reason == "it was last changed on 1 May 2099, which is in the future"


def test_what_is_not_taken_has_the_time_of_its_last_change(world: World) -> None:
    path = world.drop("hr/personnel/personnel.csv", text(PEOPLE))
    os.utime(path, (0, 86400))
    world.drop("hr/personnel/old/personnel_20250101.csv", text())
    world.land("hr/personnel")
    rows = world.query("select name, extract(epoch from modified_at)::bigint from audit.not_taken")
    assert dict(rows) == {"personnel.csv": 86400, "old/": None}


def test_each_attempt_lists_anew_what_is_not_taken(world: World) -> None:
    path = world.drop("hr/personnel/personnel_20260101_v2.csv", text(PEOPLE))
    world.land("hr/personnel")
    path.rename(path.with_name("personnel_20260101.csv"))
    assert world.land("hr/personnel").batches == 1
    attempts = world.query(
        "select attempt.run_id, found.name from audit.extraction as attempt"
        " left join audit.not_taken as found using (extraction_id) order by 1"
    )
    assert attempts == [("run 1", "personnel_20260101_v2.csv"), ("run 2", None)]


def test_the_state_says_what_the_last_extraction_of_each_dataset_did_not_take(world: World) -> None:
    drop_not_taken(world)
    world.land("hr/personnel")
    world.drop("lms/completions/completions_20260101.xls", "")
    world.land("lms/completions")
    world.land("hr/org_unit")
    with state_session(world.settings) as session:
        rows = session.execute("select dataset, name, reason from state.not_taken").fetchall()
    assert sorted(rows) == sorted(
        [
            *(("hr/personnel", name, NOT_TAKEN[name]) for name in NOT_TAKEN),
            (
                "lms/completions",
                "completions_20260101.xls",
                "it does not end with .csv, and only completions_YYYYMMDD.csv is taken",
            ),
            ("hr/org_unit", "hr/org_unit/", "the folder does not exist"),
        ]
    )


@pytest.mark.parametrize(
    "name", ["Personnel_20260101.csv", "PERSONNEL_20260101.CSV", "personnel_20260101.Csv"]
)
def test_names_and_extensions_are_matched_without_regard_to_case(world: World, name: str) -> None:
    world.drop(f"hr/personnel/{name}", text(PEOPLE))
    report = world.land("hr/personnel")
    assert (report.batches, report.not_taken) == (1, [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("000777,C7,OFFICER,PC,RESPO", "the row has 5 cells where the header has 9"),
        ('000777,C7,OFFICER,"PC', "the row cannot be read: a quote is not closed"),
        ("000777,C7,OFFICER,PC,RESPONSE,T1,2020-0", "the row has 7 cells where the header has 9"),
    ],
)
def test_a_truncated_last_line_is_one_rejected_row(world: World, line: str, reason: str) -> None:
    world.personnel("20251231", "000123", "004567", "000777")
    world.land("hr/personnel")
    world.drop(NAME, text(PEOPLE) + line)
    assert world.land("hr/personnel").rows_rejected == 1
    assert world.reasons("hr/personnel") == [(4, "000777", [reason])]
    # The truncated row still lists its record, so the record does not count as vanished.
    assert set(world.state("hr/personnel", ())) == {"000123", "004567", "000777", "999999"}


def test_a_stray_quote_does_not_swallow_the_lines_after_it(world: World) -> None:
    lines = [person(f"{n:06d}") for n in range(1, 9)]
    lines[2] = lines[2].replace("PC", '"PC')
    lines[5] = lines[5].replace("PC", '"P"C')
    world.personnel("20260101", *lines)
    world.land("hr/personnel")
    assert [(row, reason) for row, _, [reason] in world.reasons("hr/personnel")] == [
        (3, "the row cannot be read: text follows a closing quote"),
        (6, "the row cannot be read: text follows a closing quote"),
    ]
    assert len(world.state("hr/personnel", ())) == 6


def test_a_table_may_be_empty_until_it_has_a_record(world: World) -> None:
    name, header = (
        "governance/recommendations/recommendation_log.csv",
        "event_at,point_code,party,status,comment\n",
    )
    first = datetime.fromisoformat("2026-01-01T10:00:00+00:00")
    world.drop(name, header, first)
    assert world.land("governance/recommendations").batches == 1
    world.drop(name, header + "2025-06-01 09:30,HYDRA,FORCE,ok,\n", first + timedelta(days=1))
    assert world.land("governance/recommendations").rows_landed == 1
    world.drop(name, header, first + timedelta(days=2))
    assert world.land("governance/recommendations").refused == [
        ("recommendation_log.csv", "it has no rows: a full list is never empty")
    ]


def test_a_large_file_is_read_from_disk_and_lands(world: World) -> None:
    filler = "x" * 2000
    rows = [person(f"{n:06d}").replace("PC", filler) for n in range(1, 9001)]
    world.personnel("20260101", *rows)
    assert world.land("hr/personnel").rows_landed == 9000
