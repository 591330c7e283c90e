"""Landing of several files: their names, their columns and sheets, and which are read again.

The file catalogue tests the contents of files.
"""

import os
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.dropped import Content, DroppedFile, Dropzone
from oic_assurance.state.read import state_session
from tests.files import case
from tests.files.workbooks import ATTENDANCE, both
from tests.integration.asking import ask
from tests.integration.landing.support import (
    PERSONNEL,
    World,
    completion,
    person,
    workbook,
)

NAME = "hr/personnel/personnel_20260101.csv"
HEADER = PERSONNEL.split(",")
PEOPLE = [
    ["000123", "C1", "OFFICER", "PC", "RESPONSE", "T1", "2020-02-01", "", ""],
    ["004567", "", "STAFF", "Grade F", "CUSTODY", "Café-2", "2021-12-31", "2026-01-10", ""],
    ["999999", "C9", "PCSO", "", "", "T1", "2019-03-04", "", "MATERNITY"],
]


DATASET = "hr/personnel"


DATASET, COMPLETIONS = "hr/personnel", "lms/completions"


HYDRA = "hydra/attendance/hydra_20260105.xlsx"


def text(rows: list[list[str]] = PEOPLE) -> str:
    return "".join(",".join(row) + "\n" for row in [HEADER, *rows])


def test_a_refused_file_stops_no_other_and_is_refused_once(world: World) -> None:
    world.drop(NAME, "Dear all,\nno extract today, sorry.\n")
    world.personnel("20260102", *[",".join(row) for row in PEOPLE])
    [(file, reason)] = world.land("hr/personnel").refused
    assert file == "personnel_20260101.csv"
    assert len(world.state("hr/personnel", ())) == len(PEOPLE)
    refused = [batch for batch in world.batches("hr/personnel") if batch["status"] == "refused"]
    assert [batch["reason"] for batch in refused] == [
        f"hr/personnel: personnel_20260101.csv: {reason}."
    ]
    world.drop("hr/personnel/personnel_20260231.csv", text())
    [(file, reason)] = world.land("hr/personnel").refused
    assert (file, reason) == ("personnel_20260231.csv", "the day in its name does not exist")
    assert world.land("hr/personnel").refused == []


#: The unit test of `why_not_taken` has every reason that is in a name.
NOT_TAKEN = {
    ".personnel_20260101.csv": "it is a hidden or temporary file of a program",
    "old/": "it is a folder, and files in subfolders are not read",
    "personnel_20260101_v2.csv": "it looks like a copy or another version of "
    "personnel_20260101.csv",
    "personnel_link.csv": "it is a link, and links are not followed",
    "personnel_20991231.csv": "it is dated 31 December 2099, which is in the future",
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


def test_a_table_may_be_empty_until_it_has_a_record(world: World) -> None:
    log, header = "governance/recommendations", "event_at,point_code,party,status,comment\n"
    name, first = f"{log}/recommendation_log.csv", datetime(2026, 1, 1, 10, tzinfo=UTC)
    world.drop(name, header, first)
    assert world.land(log).batches == 1
    world.drop(name, header + "2025-06-01 09:30,HYDRA,FORCE,ok,\n", first + timedelta(days=1))
    assert world.land(log).rows_landed == 1
    world.drop(name, header, first + timedelta(days=2))
    assert world.land(log).refused == [
        ("recommendation_log.csv", "it has no rows: a full list is never empty")
    ]


def test_a_large_file_is_read_from_disk_and_lands(world: World) -> None:
    filler = "x" * 2000
    rows = [person(f"{n:06d}").replace("PC", filler) for n in range(1, 9001)]
    world.personnel("20260101", *rows)
    assert world.land("hr/personnel").rows_landed == 9000


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that gets the name of each file that landing reads."""
    names: list[str] = []
    real = Dropzone.read

    def counted(self: Dropzone, file: DroppedFile) -> AbstractContextManager[Content]:
        names.append(file.name)
        return real(self, file)

    monkeypatch.setattr(Dropzone, "read", counted)
    return names


def an_hour_later(world: World) -> None:
    """Add one hour to the recorded landing time of all batches.

    The files then no longer count as changed shortly before their landing.
    """
    ask(world.settings, "update audit.batch set landed_at = landed_at + interval '1 hour'")


def test_a_landed_file_is_read_again_only_if_it_was_changed_recently(
    world: World, read: list[str]
) -> None:
    world.personnel("20260101", "000001")
    world.land(DATASET)
    world.land(DATASET)
    assert read == ["personnel_20260101.csv"] * 2
    an_hour_later(world)
    world.land(DATASET)
    assert len(read) == 2


def test_other_bytes_with_the_same_name_size_and_time_are_found(world: World) -> None:
    path = world.personnel("20260101", "000001")
    world.land(DATASET)
    an_hour_later(world)
    times = path.stat()
    world.personnel("20260101", "000002")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    ask(world.settings, "update audit.batch set landed_at = landed_at - interval '1 hour'")
    assert world.land(DATASET).batches == 1
    assert set(world.state(DATASET, [])) == {"000002"}


def drop(world: World, header: str, *rows: str) -> None:
    world.drop("hr/personnel/personnel_20260102.csv", "\n".join([header, *rows]) + "\n")


def columns(world: World, table: str) -> set[str]:
    query = "select column_name from information_schema.columns where table_name = %s"
    return {name for (name,) in world.query(query, table)}


def test_a_new_column_is_reported_and_not_landed(world: World) -> None:
    drop(world, f"{PERSONNEL},shoe_size", person("000001") + ",44")
    assert world.land(DATASET).rows_landed == 1
    [batch] = world.batches(DATASET)
    assert batch["notes"]["personnel"] == {"columns_kept_out": ["shoe_size"]}
    assert "shoe_size" not in columns(world, "personnel")


def test_a_column_that_is_never_extracted_is_not_reported_either(world: World) -> None:
    log = "governance/recommendations"
    rows = "event_at,point_code,party,status,Comment\n2026-01-05 10:00,HYDRA,FORCE,ok,the heron\n"
    world.drop(f"{log}/recommendation_log.csv", rows)
    assert world.land(log).rows_landed == 1
    [batch] = world.batches(log)
    assert "columns_kept_out" not in str(batch["notes"])
    assert "comment" not in columns(world, "recommendation_event")


def test_a_file_with_a_marking_is_refused(world: World) -> None:
    drop(world, f"{PERSONNEL},Protective Marking", person("000001") + ",SECRET")
    report = world.land(DATASET)
    assert report.rows_landed == 0
    [(_, reason)] = report.refused
    assert "the column Protective Marking may be a protective marking" in reason
    assert not list((world.settings.home / "batches" / DATASET).glob("*.gz"))


@pytest.mark.parametrize(
    ("header", "rows", "reason"),
    [
        (
            PERSONNEL.replace("start_date,", ""),
            ["000001,C1,OFFICER,PC,RESPONSE,T1,,"],
            "missing column start_date",
        ),
        (
            PERSONNEL,
            [person(f"{n:06d}", start=str(2_000_000 + n)) for n in range(30)],
            "30 of 30 rows break the source contract, which is over the tolerance of 20%: "
            "most often, start_date is not a date",
        ),
    ],
    ids=["missing", "retyped"],
)
def test_a_missing_or_retyped_column_stops_only_its_dataset(
    world: World, header: str, rows: list[str], reason: str
) -> None:
    world.personnel("20260101", "000009")
    drop(world, header, *rows)
    world.completions("20260102", completion("000001"))
    assert world.land(DATASET).refused == [("personnel_20260102.csv", reason)]
    assert list(world.state(DATASET, ())) == ["000009"]
    assert world.land(COMPLETIONS).rows_landed == 1


def put_named(world: World, name: bytes) -> None:
    """Put an empty file with this name into the folder of the personnel files."""
    folder = Path(world.settings.dropzone.removeprefix("file://")) / DATASET
    folder.mkdir(parents=True, exist_ok=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"")


@pytest.mark.parametrize(
    "name",
    [
        b"\xff\xfe.csv",
        b"\x1b]0;title\x07\x1b[31mred.csv",
        b"two\nlines.csv",
        b"right\xe2\x80\xaeleft",
    ],
    ids=["not UTF-8", "terminal codes", "a line end", "a change of direction"],
)
def test_any_name_is_listed_without_harm(world: World, name: bytes) -> None:
    put_named(world, name)
    world.personnel("20260101", "000001")
    assert world.land(DATASET).rows_landed == 1
    ((shown,),) = world.query("select name from audit.not_taken")
    assert shown.isprintable()
    # Names that look the same after that are listed once.
    put_named(world, name.replace(b"\xff", b"\xfe"))
    world.land(DATASET)
    counts = "select count(*) from audit.not_taken group by extraction_id"
    assert world.query(counts) == [(1,), (1,)]


def test_a_long_name_is_cut(world: World) -> None:
    put_named(world, b"a" * 250)
    world.land(DATASET)
    ((shown,),) = world.query("select name from audit.not_taken")
    assert len(shown) == 120


def landed(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        world.state("hydra/attendance", ("session_date", "capacity")),
        world.state("hydra/attendance", ("attended", "outcome"), table="hydra_attendance"),
    )


def test_a_damaged_workbook_is_refused(world: World) -> None:
    whole = both()
    for number, place in enumerate(range(30, len(whole), len(whole) // 25)):
        broken = whole[:place] + bytes([whole[place] ^ 0xFF]) * 8 + whole[place + 8 :]
        day = date(2026, 1, 1) + timedelta(days=number)
        world.drop(f"hydra/attendance/hydra_{day:%Y%m%d}.xlsx", broken)
    world.drop("hydra/attendance/hydra_20260630.xlsx", whole)
    world.land("hydra/attendance")
    statuses = [batch["status"] for batch in world.batches("hydra/attendance")]
    assert statuses[-1] == "landed"
    assert statuses.count("refused") > 10
    assert landed(world) == (case.SESSIONS, case.ATTENDANCE)


def test_a_rejected_row_of_one_sheet_does_not_stop_the_rest(world: World) -> None:
    attendance = [*ATTENDANCE, ["H2", "12AB", "Y", "PASS"], ["H2", "000777", "yes", "FAIL"]]
    world.drop(HYDRA, both(attendance=attendance))
    assert world.land("hydra/attendance").rows_rejected == 2
    assert landed(world) == (case.SESSIONS, case.ATTENDANCE)
    assert world.reasons("hydra/attendance") == [
        (4, None, ["employee_no is not a number of up to 6 digits"]),
        (5, "(H2,000777)", ["attended is not one of Y, N", "outcome is not one of PASS, REFER"]),
    ]


def test_incomplete_plans_are_landed(world: World) -> None:
    plans: list[list[Any]] = [
        ["plan_ref", "strand", "title", "owner_role", "version", "approved_date",
         "review_due_date", "evidence_ref"],
        ["P1", "COLLECT", "Collect", "Head of intelligence", 1.2, date(2025, 12, 1),
         date(2026, 12, 1), "EV-1"],
        ["P2", "SHARE"],
    ]  # fmt: skip
    milestones: list[list[Any]] = [
        ["plan_ref", "milestone", "due_date", "completed_date"],
        ["P1", "Sign-off"],
    ]
    content = workbook({"Plans": plans, "Milestones": milestones})
    world.drop("governance/plans/plan_register.xlsx", content, datetime(2026, 1, 5, tzinfo=UTC))
    assert world.land("governance/plans").rows_rejected == 0
    assert world.state("governance/plans", ("owner_role", "version", "approved_date")) == {
        "P1": (True, "1.2", date(2025, 12, 1)),
        "P2": (False, None, None),
    }
    assert world.state("governance/plans", ("due_date",), table="plan_milestone") == {
        "(P1,Sign-off)": (None,)
    }


def test_very_long_keys_are_different_keys(world: World) -> None:
    page = "to be reached " * 2000
    plans = [dataset("governance/plans").tables[0].names, ("P1", "COLLECT")]
    header = ["plan_ref", "milestone", "due_date", "completed_date"]
    milestones = [
        header,
        ["P1", page + "first"],
        ["P1", page + "second"],
        ["P1", "third"],
    ]
    content = workbook({"Plans": plans, "Milestones": milestones})
    world.drop("governance/plans/plan_register.xlsx", content)
    report = world.land("governance/plans")
    assert (report.rows_landed, report.rows_rejected) == (4, 0)
    state = world.state("governance/plans", ("milestone",), table="plan_milestone")
    assert {text for (text,) in state.values()} == {page + "first", page + "second", "third"}
