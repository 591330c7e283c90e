"""Versions in raw: each delivery counts once, from its own moment on, in any order of landing."""

import gzip
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from oic_assurance.errors import AssuranceError, SourceUnavailable
from oic_assurance.sources.files.dropped import NotTaken
from tests.integration.landing.support import (
    World,
    completion,
    london_midnight,
    person,
    workbook,
)

PEOPLE = "hr/personnel"


def units(world: World, day: str, known: int | None = None) -> dict[str, str]:
    state = world.state(PEOPLE, ("org_unit_code",), london_midnight(day), known)
    return {key: unit for key, (unit,) in state.items()}


def test_only_a_changed_record_adds_a_version(world: World) -> None:
    world.personnel("20260101", person("000001"), person("000002"))
    world.personnel("20260102", person("000002"), person("000001", "T2"))
    assert world.land(PEOPLE).rows_landed == 3
    assert units(world, "20260101") == {"000001": "T1", "000002": "T1"}
    assert units(world, "20260102") == {"000001": "T2", "000002": "T1"}
    assert units(world, "20251231") == {}


def test_a_record_that_a_full_delivery_does_not_list_has_vanished(world: World) -> None:
    world.personnel("20260101", "000001", "000002")
    world.personnel("20260102", "000001")
    world.personnel("20260103", "000001", "000002")
    world.land(PEOPLE)
    assert list(units(world, "20260102")) == ["000001"]
    assert list(units(world, "20260103")) == ["000001", "000002"]
    tombstones = world.query(
        "select row_key, employee_no, row_number, collar_no from raw_general.personnel"
        " where is_tombstone"
    )
    assert tombstones == [("000002", "000002", None, None)]


def test_different_rows_with_the_same_key_are_all_rejected(world: World) -> None:
    world.personnel("20260101", "000001", "000002", "000003")
    world.personnel("20260102", person("1", "A"), "000002", person("1", "B"), person("000001", "C"))
    world.land(PEOPLE)
    reason = "key occurs 3 times with different content: rows 1, 3, 4"
    assert world.reasons(PEOPLE) == [(row, "000001", [reason]) for row in (1, 3, 4)]
    assert units(world, "20260102") == {"000001": "T1", "000002": "T1"}


def test_a_rejected_row_does_not_affect_a_good_row_with_the_same_key(world: World) -> None:
    world.personnel("20260101", person("1", "A"), person("1", start="31/02/2020"))
    world.land(PEOPLE)
    assert units(world, "20260101") == {"000001": "A"}
    assert world.reasons(PEOPLE) == [
        (2, "000001", ["start_date is not a date", "another row with this key was landed"])
    ]


def test_the_same_file_again_is_not_landed(world: World) -> None:
    path = world.personnel("20260101", "000001")
    world.land(PEOPLE)
    content = path.read_bytes()
    path.unlink()
    world.drop("hr/personnel/personnel_20260101.csv", content, datetime(2026, 2, 1, tzinfo=UTC))
    assert world.land(PEOPLE).batches == 0
    assert len(world.batches(PEOPLE)) == 1


def test_a_late_file_is_valid_until_the_next_one(world: World) -> None:
    world.personnel("20260101", person("1", "A"), person("2", "A"), person("3", "A"))
    world.personnel("20260110", person("1", "A"), person("2", "A"), person("3", "A"))
    world.personnel("20260120", person("1", "A"), person("2", "C"), person("3", "A"))
    world.land(PEOPLE)
    world.personnel("20260105", person("1", "B"), person("2", "B"), person("4", "B"))
    world.land(PEOPLE)
    assert units(world, "20260105") == {"000001": "B", "000002": "B", "000004": "B"}
    assert units(world, "20260110") == {"000001": "A", "000002": "A", "000003": "A"}
    assert units(world, "20260120") == {"000001": "A", "000002": "C", "000003": "A"}
    restored = world.query(
        "select row_key, row_number, is_tombstone from raw_general.personnel"
        " where version_at = %s order by 1",
        london_midnight("20260110"),
    )
    assert restored == [
        ("000001", None, False),
        ("000002", None, False),
        ("000003", None, False),
        ("000004", None, True),
    ]


def test_an_unchanged_register_with_a_new_time_is_a_delivery(world: World) -> None:
    name, begin = (
        "governance/recommendations/recommendation_log.csv",
        datetime(2026, 1, 5, tzinfo=UTC),
    )
    log = "event_at,point_code,party,status,comment\n2025-06-01 09:30,HYDRA,FORCE,ok,\n"
    world.drop(name, log, begin)
    world.land("governance/recommendations")
    assert world.land("governance/recommendations").batches == 0
    world.drop(name, log, begin + timedelta(days=28))
    report = world.land("governance/recommendations")
    assert (report.batches, report.rows_landed) == (1, 0)
    batches = world.batches("governance/recommendations")
    assert [batch["delivered_for"] for batch in batches] == [begin, begin + timedelta(days=28)]


def test_events_are_told_apart_by_their_key_and_not_by_their_comment(world: World) -> None:
    name, begin = (
        "governance/recommendations/recommendation_log.csv",
        datetime(2026, 1, 5, tzinfo=UTC),
    )
    header = "event_at,point_code,party,status,comment\n"
    event = "2025-06-01 09:30,HYDRA,FORCE,MET,first\n"
    world.drop(name, header + event + event.replace("MET", "NOT_MET"), begin)
    world.drop(name, header + event + event.replace("MET", "NOT_MET"), begin)
    world.land("governance/recommendations")
    world.drop(name, header + event.replace("first", "second"), begin + timedelta(days=1))
    world.land("governance/recommendations")
    assert list(world.state("governance/recommendations", ("status",)).values()) == [("MET",)]
    # The comment of the event with status `MET` has changed, and the event has no new version. The
    # event with status `NOT_MET` has vanished.
    assert world.query(
        "select status, is_tombstone, count(*) from raw_general.recommendation_event"
        " group by 1, 2 order by 1, 2"
    ) == [("MET", False, 1), ("NOT_MET", False, 1), ("NOT_MET", True, 1)]


def test_an_enrolment_needs_no_time(world: World) -> None:
    world.completions("20260101", "000001,OIC-EL,OIC-EL-1,1,ENROLLED,,")
    assert world.land("lms/completions").rows_landed == 1


def test_another_notation_of_a_date_is_no_change(world: World) -> None:
    world.completions("20260101", completion("000001", 50, "2025-06-02 10:00"))
    world.completions("20260102", completion("1", "50", "02/06/2025 10:00:00"))
    assert world.land("lms/completions").rows_landed == 1


def test_quarantine_holds_the_content_of_a_row(world: World) -> None:
    world.personnel("20260101", "000001", "abc, ,WIZARD,,,,,2026-13-01,SULKING")
    world.land(PEOPLE)
    [(reasons, content, number, name)] = world.query(
        "select reasons, content, row_number, table_name from audit.rejected_row"
    )
    assert len(reasons) == 5
    assert (content["employee_no"], content["collar_no"]) == ("abc", None)
    assert (number, name) == (2, "personnel")


def test_a_batch_over_its_tolerance_is_refused(world: World) -> None:
    good = [f"{n:06d}" for n in range(1, 77)]
    bad = [person(f"{n:06d}").replace("OFFICER", "WIZARD") for n in range(900, 919)]
    world.personnel("20260101", *good, *bad)
    world.personnel("20260102", *good, *bad, bad[0].replace("000900", "000950"))
    report = world.land(PEOPLE)
    assert report.refused == [
        (
            "personnel_20260102.csv",
            "20 of 96 rows break the source contract, which is over the tolerance of 20%: most "
            "often, employment_type is not one of OFFICER, STAFF, SPECIAL, PCSO",
        )
    ]
    assert (report.batches, report.rows_rejected) == (1, 19)


def test_the_batch_is_archived_unchanged_and_registered(world: World) -> None:
    path = world.personnel("20260102", "000001", "000002")
    report = world.land(PEOPLE)
    [batch] = world.batches(PEOPLE)
    content = path.read_bytes()
    archived = world.settings.home / batch["kept_as"]
    assert gzip.decompress(archived.read_bytes()) == content
    assert archived.stat().st_mode & 0o777 == 0o600
    assert archived.parent.stat().st_mode & 0o777 == 0o700
    assert batch["sha256"] == hashlib.sha256(content).hexdigest()
    assert (batch["size_bytes"], batch["kind"], batch["status"]) == (len(content), "file", "landed")
    assert (batch["row_count"], batch["rows_new"], batch["rows_rejected"]) == (2, 2, 0)
    assert batch["source_place"] == "personnel_20260102.csv"
    assert batch["delivered_for"] == london_midnight("20260102")
    assert (batch["run_id"], batch["force_code"]) == ("run 1", "E23000022")
    assert (report.batches, report.rows_landed) == (1, 2)
    assert world.query(
        "select outcome, reason, batches, rows_landed, rows_rejected from audit.extraction"
    ) == [("succeeded", None, 1, 2, 0)]
    [(action, what, run)] = world.query("select action, what, run_id from audit.processing_log")
    assert (action, run) == ("collection", "run 1")
    assert what.endswith("2 rows of personnel_20260102.csv, 2 new")
    rows = world.query(
        "select row_number, batch_id, version_at, is_tombstone from raw_general.personnel"
    )
    assert rows == [
        (number, batch["batch_id"], london_midnight("20260102"), False) for number in (1, 2)
    ]


def test_one_table_of_a_workbook_can_change_without_the_other(world: World) -> None:
    sessions = [["session_code", "session_date", "venue", "capacity"], ["H1", "2025-10-06"]]
    attendance = [["session_code", "employee_no", "attended", "outcome"], ["H1", "000123", "N"]]
    for day, attended in (("20260105", "N"), ("20260112", "Y")):
        attendance[1][2] = attended
        world.drop(
            f"hydra/attendance/hydra_{day}.xlsx",
            workbook({"Sessions": sessions, "Attendance": attendance}),
        )
    assert world.land("hydra/attendance").rows_landed == 3


def test_an_empty_dropzone_has_no_deliveries_and_a_missing_one_fails(world: World) -> None:
    report = world.land(PEOPLE)
    assert (report.batches, report.notes) == (0, [])
    assert report.not_taken == [NotTaken("hr/personnel/", "the folder does not exist")]
    world.dropzone.rmdir()
    with pytest.raises(SourceUnavailable, match="does not exist or cannot be read"):
        world.land(PEOPLE)
    assert world.query("select outcome from audit.extraction order by extraction_id") == [
        ("succeeded",),
        ("failed",),
    ]


def test_a_new_column_is_added_to_raw(world: World) -> None:
    world.personnel("20260101", "000001")
    world.land(PEOPLE)
    world.execute("alter table raw_general.personnel drop column rank_grade")
    world.personnel("20260102", person("1", "T2"))
    world.land(PEOPLE)
    assert world.state(PEOPLE, ("rank_grade", "org_unit_code")) == {"000001": ("PC", "T2")}


def test_a_column_of_another_type_in_raw_gives_a_clear_error(world: World) -> None:
    world.personnel("20260101", "000001")
    world.land(PEOPLE)
    world.execute("alter table raw_general.personnel alter column leave_date type text")
    with pytest.raises(AssuranceError, match="has the type text, but it is declared as date"):
        world.land(PEOPLE)
    world.execute("drop table raw_general.personnel")
