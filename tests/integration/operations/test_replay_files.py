"""Replays of rows from files. A replayed row is valid from the moment of its delivery.

A later delivery overrides the replayed row. An impossible export or replay is refused in one line,
and changes nothing.
"""

import gzip
import hashlib
import json
import os
import stat
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import DEFAULT, patch

import pytest

from oic_assurance.batches.archive_writer import Archive, ArchiveWriter
from oic_assurance.builds.record import open_build
from oic_assurance.errors import AssuranceError, ServerError, UsageError
from oic_assurance.landing.quarantine import QuarantineFilter, list_rejected
from oic_assurance.operations.replay.export import export_rejected
from oic_assurance.operations.replay.replay import replay
from oic_assurance.sources.declarations import load as declaration
from tests.commands import shown
from tests.integration.landing.support import (
    CUSTODY,
    World,
    at,
    completion,
    london_midnight,
    person,
    put,
    workbook,
)
from tests.integration.operations.support import (
    Row,
    archived_contents,
    assert_agrees,
    correct,
    disagreements,
    erase_record,
    export,
    replay_waiting,
    write,
)

PEOPLE, HYDRA = "hr/personnel", "hydra/attendance"


PEOPLE = "hr/personnel"
COMPLETIONS = "lms/completions"


PEOPLE, COMPLETIONS = "hr/personnel", "lms/completions"


def wizard(employee_no: str, unit: str = "T1") -> str:
    """Return a line of a personnel file with an employment type that is not in the code list."""
    return person(employee_no, unit).replace("OFFICER", "WIZARD")


def officer(unit: str | None = None) -> Callable[[Row], Row]:
    def change(row: Row) -> Row:
        return {**row, "employment_type": "OFFICER"} | ({"org_unit_code": unit} if unit else {})

    return change


def units(world: World, day: str) -> dict[str, str]:
    state = world.state(PEOPLE, ("org_unit_code",), london_midnight(day))
    return {key: unit for key, (unit,) in state.items()}


def admit_wizards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the rejected employment type to the code list in the declaration of personnel."""
    folder = Path(declaration.__file__).parent
    text = (
        (folder / "hr_personnel.yml").read_text("utf-8").replace("[OFFICER,", "[WIZARD, OFFICER,")
    )
    changed = {**declaration.datasets(), PEOPLE: declaration.parse(text, "hr_personnel.yml")}
    monkeypatch.setattr(declaration, "datasets", lambda: changed)


def test_a_corrected_row_is_valid_from_its_delivery_until_a_later_one(world: World) -> None:
    world.personnel("20260101", "000001", person("000002", "A"))
    world.personnel("20260102", "000001", wizard("000002", "x"), wizard("000003"))
    world.personnel("20260103", "000001", person("000002", "A"))
    world.land(PEOPLE)
    report = correct(world, PEOPLE, officer("B"))
    assert (report.landed, report.rows_new, report.still_rejected) == (2, 2, [])
    assert units(world, "20260101") == {"000001": "T1", "000002": "A"}
    assert units(world, "20260102") == {"000001": "T1", "000002": "B", "000003": "B"}
    # The third file has the first version of 000002 again and does not list 000003, so it overrides
    # both replayed rows.
    assert units(world, "20260103") == {"000001": "T1", "000002": "A"}
    assert list_rejected(world.settings) == []
    assert world.land(PEOPLE).batches == 0


def test_a_second_replay_of_the_same_file_changes_nothing(world: World) -> None:
    world.personnel("20260101", "000001", wizard("000002"), wizard("000003"))
    world.land(PEOPLE)
    path, rows = export(world, PEOPLE)
    write(path, [{**rows[0], "employment_type": "STAFF"}, rows[1]])
    first = replay(world.settings, PEOPLE, path, None, "tester")
    assert (first.landed, len(first.still_rejected)) == (1, 1)
    counts = "select (select count(*) from audit.batch), (select count(*) from audit.replayed_row)"
    before = world.query(counts)
    second = replay(world.settings, PEOPLE, path, None, "tester")
    assert second.replayed_before == {int(rows[0]["rejected_id"]): first.deliveries[0].batch_id}
    assert (second.landed, [d.batch_id for d in second.deliveries]) == (0, [None])
    assert world.query(counts) == before
    assert world.query("select outcome, batches from audit.replay order by 1, 2") == [
        ("succeeded", 0),
        ("succeeded", 1),
    ]


def test_an_uncorrected_row_is_landed_when_the_declaration_admits_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.personnel(
        "20260101", "000001", wizard("000002"), person("000003", start="x"), "oops,oops"
    )
    world.land(PEOPLE)
    assert replay_waiting(world, PEOPLE).landed == 0
    admit_wizards(monkeypatch)
    report = replay_waiting(world, PEOPLE)
    assert (report.landed, report.unsplit) == (1, 1)
    assert [one.reasons for one in report.still_rejected] == [["start_date is not a date"]]
    assert list(units(world, "20260101")) == ["000001", "000002"]


def test_a_delivery_that_changes_nothing_does_not_stop_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.personnel("20260101", "000001", person("000002", start="x"))
    world.personnel("20260102", "000001", wizard("000003"))
    world.land(PEOPLE)
    admit_wizards(monkeypatch)
    report = replay_waiting(world, PEOPLE)
    assert [(d.batch_id is None, len(d.landed)) for d in report.deliveries] == [
        (True, 0),
        (False, 1),
    ]
    assert list(units(world, "20260102")) == ["000001", "000003"]


def test_a_row_that_is_rejected_again_shows_its_earlier_reasons(world: World) -> None:
    world.personnel("20260101", "000001", wizard("000002"))
    world.land(PEOPLE)
    report = correct(
        world, PEOPLE, lambda row: {**row, "employment_type": "STAFF", "start_date": "31/02/2026"}
    )
    assert report.landed == 0
    [row] = list_rejected(world.settings)
    assert row.reasons == ["start_date is not a date"]
    assert row.earlier_reasons == ["employment_type is not one of OFFICER, STAFF, SPECIAL, PCSO"]
    assert world.query("select reasons from audit.replayed_row") == [(row.reasons,)]
    assert world.query("select reasons from audit.rejected_row") == [(row.earlier_reasons,)]


def test_a_corrected_file_decides_between_two_rows_with_the_same_key(world: World) -> None:
    world.personnel("20260101", "000001", person("000002", "A"), person("000002", "B"))
    world.land(PEOPLE)
    assert replay_waiting(world, PEOPLE).landed == 0
    report = correct(world, PEOPLE, lambda row: row if row["org_unit_code"] == "A" else None)
    assert report.landed == 1
    assert units(world, "20260101")["000002"] == "A"
    [other] = replay_waiting(world, PEOPLE).still_rejected
    assert other.reasons == ["key occurs twice with different content: rows 2, 3"]
    assert units(world, "20260101")["000002"] == "A"


def test_a_correction_that_contradicts_a_landed_row_is_rejected(world: World) -> None:
    world.personnel("20260101", "000001", "000002")
    world.personnel("20260102", "000001", "000002", wizard("000003", "B"))
    world.land(PEOPLE)
    # The second file has a row for 000002. It added no row to raw, because the record had not
    # changed. The correction contradicts it all the same.
    report = correct(
        world, PEOPLE, lambda row: {**row, "employee_no": "000002", "employment_type": "STAFF"}
    )
    [broken] = report.still_rejected
    assert broken.reasons == ["key occurs twice with different content: rows 2, 3"]
    assert units(world, "20260102") == {"000001": "T1", "000002": "T1"}


def test_a_corrected_key_is_allowed_and_recorded(world: World) -> None:
    world.personnel("20260101", "000001", wizard("000002"))
    world.land(PEOPLE)
    report = correct(
        world, PEOPLE, lambda row: {**row, "employee_no": "9", "employment_type": "STAFF"}
    )
    [delivery] = report.deliveries
    assert len(delivery.rekeyed) == 1
    batch = world.batches(PEOPLE)[-1]
    assert batch["notes"]["landed_under_another_key"] == delivery.rekeyed
    assert list(units(world, "20260101")) == ["000001", "000009"]


def test_a_replay_is_a_batch_with_its_delivery_its_author_and_its_reason(world: World) -> None:
    world.personnel("20260101", "000001", wizard("000002"))
    world.land(PEOPLE)
    attempts = world.one("select count(*) from audit.extraction")
    correct(world, PEOPLE, officer())
    delivery, batch = world.batches(PEOPLE)
    assert (batch["kind"], batch["replay_of"]) == ("replay", delivery["batch_id"])
    assert batch["source_place"] == "personnel_20260101.csv"
    assert batch["delivered_for"] == delivery["delivered_for"]
    assert (batch["row_count"], batch["rows_new"], batch["rows_rejected"]) == (1, 1, 0)
    notes = batch["notes"]
    assert (notes["because"], notes["claimed_by"]) == ("it was mistyped", "tester")
    assert notes["replay_of"] == delivery["batch_id"]
    kept = gzip.decompress((world.settings.home / batch["kept_as"]).read_bytes())
    header, _, content = kept.partition(b"\n")
    assert json.loads(header.removeprefix(b"#"))["format"] == "oic-assurance replay 1"
    assert hashlib.sha256(content).hexdigest() == batch["sha256"]
    assert b"000002\tC000002\tOFFICER" in content
    [(status, replayed_in)] = world.query("select status, replayed_in from audit.rejected_row")
    assert (status, replayed_in) == ("replayed", batch["batch_id"])
    rows = world.query(
        "select row_number from raw_general.personnel where batch_id = %s", batch["batch_id"]
    )
    assert rows == [(2,)]
    [(who, because)] = world.query(
        "select who, because from audit.processing_log where action = 'alteration'"
    )
    assert (who, because) == ("oic_landing", "it was mistyped")
    # A replay is not a delivery, so it records no extraction and does not make the source fresher.
    assert world.one("select count(*) from audit.extraction") == attempts


def test_the_table_of_a_corrected_file_is_found_by_its_columns(world: World) -> None:
    sheets: dict[str, list[list[Any]]] = {
        "Sessions": [["session_code", "session_date", "venue", "capacity"], ["H1", "x", "", 7]],
        "Attendance": [
            ["session_code", "employee_no", "attended", "outcome"], ["H1", "1", "perhaps", ""],
        ],
    }  # fmt: skip
    world.drop("hydra/attendance/hydra_20260101.xlsx", workbook(sheets))
    world.land(HYDRA)
    correct(world, HYDRA, lambda row: {**row, "attended": "Y"}, table="hydra_attendance")
    report = correct(
        world, HYDRA, lambda row: {**row, "session_date": "06/10/2025"}, table="hydra_session"
    )
    assert report.landed == 1
    assert world.state(HYDRA, ("capacity",), table="hydra_session") == {"H1": (7,)}
    assert list(world.state(HYDRA, (), table="hydra_attendance")) == ["(H1,000001)"]


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8-sig", ","), ("utf-8", ";"), ("cp1252", ";"), ("utf-16", "\t")],
)
def test_a_corrected_file_can_have_any_format(world: World, encoding: str, delimiter: str) -> None:
    world.personnel("20260101", "000001", wizard("000002", "Équipe"))
    world.land(PEOPLE)
    path, [row] = export(world, PEOPLE)
    # A spreadsheet can move columns, drop leading zeros and change the format of dates.
    row |= {"employment_type": "STAFF", "employee_no": "2", "start_date": "01/01/2020"}
    write(path, [dict(reversed(row.items()))], encoding, delimiter)
    assert replay(world.settings, PEOPLE, path, None, "tester").landed == 1
    assert units(world, "20260101") == {"000001": "T1", "000002": "Équipe"}


def test_a_crash_between_two_deliveries_leaves_complete_replays(world: World) -> None:
    for day in ("20260101", "20260102"):
        world.personnel(day, "000001", wizard("000002", day))
    world.land(PEOPLE)
    path, rows = export(world, PEOPLE)
    write(path, [{**row, "employment_type": "OFFICER"} for row in rows])
    full = OSError(28, "No space left on device")
    with (
        # Of each delivery, the file is written to disk, and then its name.
        patch.object(os, "fsync", wraps=os.fsync, side_effect=[DEFAULT, DEFAULT, full]),
        pytest.raises(ServerError, match=r"hr/personnel: .*No space left on device"),
    ):
        replay(world.settings, PEOPLE, path, None, "tester")
    assert units(world, "20260102")["000002"] == "20260101"
    assert [row.source_place for row in list_rejected(world.settings)] == ["personnel_20260102.csv"]
    report = replay(world.settings, PEOPLE, path, None, "tester")
    assert (report.landed, len(report.replayed_before)) == (1, 1)
    assert units(world, "20260102")["000002"] == "20260102"
    kept = {path.name for path in (world.settings.home / "batches" / PEOPLE).iterdir()}
    assert kept == {Path(batch["kept_as"]).name for batch in world.batches(PEOPLE)}
    outcomes = world.query("select outcome from audit.replay order by replay_id")
    assert outcomes == [("failed",), ("succeeded",)]


def test_a_replay_that_somebody_stops_has_failed_and_leaves_no_file(world: World) -> None:
    world.personnel("20260101", "000001", wizard("000002", "T2"))
    world.land(PEOPLE)
    path, rows = export(world, PEOPLE)
    write(path, [{**row, "employment_type": "OFFICER"} for row in rows])
    with (
        # The rows are archived, and then the batch is registered.
        patch("oic_assurance.operations.replay.replay.register", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        replay(world.settings, PEOPLE, path, None, "tester")
    assert world.query("select outcome, reason from audit.replay") == [
        ("failed", "hr/personnel: it was stopped.")
    ]
    world.land(PEOPLE)
    assert disagreements(world, PEOPLE) == []


def test_a_build_that_is_opened_meanwhile_waits_and_sees_the_replay(world: World) -> None:
    world.personnel("20260101", "000001", wizard("000002"))
    world.land(PEOPLE)
    path, [row] = export(world, PEOPLE)
    write(path, [{**row, "employment_type": "OFFICER"}])
    known: list[int] = []

    def open_one() -> None:
        build = open_build(world.settings, "beside", datetime(2026, 1, 2, tzinfo=UTC))
        known.append(build.known_batch_id)

    opening = threading.Thread(target=open_one)
    real = Archive.writer

    def open_build_meanwhile(archive: Archive, name: str) -> AbstractContextManager[ArchiveWriter]:
        # The replay already has a batch number, but its transaction is not committed. A build that
        # is opened now must wait for the replay.
        opening.start()
        while not world.query("select from pg_locks where not granted"):
            assert opening.is_alive()
        return real(archive, name)

    with pytest.MonkeyPatch.context() as change:
        change.setattr(Archive, "writer", open_build_meanwhile)
        report = replay(world.settings, PEOPLE, path, None, "tester")
    opening.join()
    assert known == [report.deliveries[0].batch_id]


def test_a_filter_limits_the_listed_rows(world: World) -> None:
    world.personnel("20260101", "000001", wizard("000002"), person("000003", start="x"))
    world.land(PEOPLE)
    batch_id = world.batches(PEOPLE)[0]["batch_id"]
    filters = [
        QuarantineFilter(reason="IS NOT A DATE"),
        QuarantineFilter(batch_id=batch_id),
        QuarantineFilter(batch_id=batch_id + 1),
    ]
    listed = [[row.row_key for row in list_rejected(world.settings, one)] for one in filters]
    assert listed == [["000003"], ["000002", "000003"], []]
    correct(world, PEOPLE, officer(), reason="employment_type")
    assert [row.row_key for row in list_rejected(world.settings)] == ["000003"]
    both = list_rejected(world.settings, QuarantineFilter(with_replayed=True))
    assert [(row.row_key, row.status) for row in both] == [
        ("000002", "replayed"),
        ("000003", "rejected"),
    ]


def officer_started(row: Row) -> Row:
    return row | {"employment_type": "OFFICER", "start_date": "01/02/2020"}


def replayed(world: World) -> None:
    """Land two personnel files, and replay the two rejected rows of the first file.

    One of these rows is officer_started and landed. The other is rejected again.
    """
    rejected = person("000007").replace("OFFICER", "WIZARD")
    other = person("000008").replace("OFFICER", "WIZARD")
    world.personnel("20260101", "000001", rejected, other)
    world.personnel("20260103", "000001", "000007")
    world.land(PEOPLE)
    report = correct(
        world, PEOPLE, lambda row: officer_started(row) if row["employee_no"] == "000007" else row
    )
    assert (report.landed, len(report.still_rejected)) == (1, 1)


def test_a_replay_of_a_full_delivery_is_verified(world: World) -> None:
    replayed(world)
    assert_agrees(world, PEOPLE)
    with world.as_owner() as owner:
        owner.execute(
            "update raw_general.personnel set org_unit_code = 'X' where batch_id ="
            " (select batch_id from audit.batch where kind = 'replay') and row_number is not null"
        )
    [line] = disagreements(world, PEOPLE)
    assert "row 2, key 000007: raw and the archived batch differ in org_unit_code" in line


def test_a_replay_of_changes_is_verified(world: World) -> None:
    world.completions("20260101", completion("000001"), completion("000002", at="31/02/2025 10:00"))
    world.completions("20260105", completion("000001"))
    world.land(COMPLETIONS)
    correct(world, COMPLETIONS, lambda row: row | {"completed_at": "2025-06-02 10:00"})
    assert_agrees(world, COMPLETIONS)


def test_a_replay_of_database_rows_is_verified(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(1), " ")
    world.land(CUSTODY)
    assert replay_waiting(world, CUSTODY).landed == 0
    correct(world, CUSTODY, lambda row: row | {"arresting_officer_no": "C2"})
    assert_agrees(world, CUSTODY)


def test_an_erasure_removes_replayed_rows(world: World) -> None:
    replayed(world)
    for key in ("000007", "000008"):
        erase_record(world, PEOPLE, key)
        contents = archived_contents(world, PEOPLE).values()
        assert not any(key.encode() in content for content in contents)
        assert_agrees(world, PEOPLE)
    assert set(world.state(PEOPLE, [])) == {"000001"}
    assert world.reasons(PEOPLE) == []


def some_rejected(world: World) -> None:
    world.personnel("20260101", "000001", person("000002", start="x"), person("000003", start="y"))
    world.completions("20260101", completion("000001").replace("COMPLETED", "LOST"))
    world.land(PEOPLE)
    world.land(COMPLETIONS)


def without(name: str) -> Callable[[Row], Row]:
    return lambda row: {key: value for key, value in row.items() if key != name}


MISTAKES: dict[str, tuple[Callable[[Row], Row], str]] = {
    "unknown id": (
        lambda row: {**row, "rejected_id": "99999999"},
        r"rejected-\d+\.csv, row 1: there is no rejected row 99999999. Nothing was replayed\.",
    ),
    "no id": (lambda row: {**row, "rejected_id": " "}, r"row 1: its rejected_id is not a number"),
    "column missing": (without("role_code"), r"rejected-\d+\.csv: missing column role_code\. "),
    "id column missing": (without("rejected_id"), r"missing column rejected_id"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_file_with_a_mistake_is_refused_in_one_line(world: World, mistake: str) -> None:
    some_rejected(world)
    path, rows = export(world, PEOPLE)
    change, message = MISTAKES[mistake]
    write(path, [change(rows[0])])
    with pytest.raises(AssuranceError, match=message) as raised:
        replay(world.settings, PEOPLE, path, None, "tester")
    assert "\n" not in raised.value.message
    assert world.one("select count(*) from audit.batch where kind = 'replay'") == 0


def test_other_mistakes_are_one_line_too(world: World) -> None:
    some_rejected(world)
    path, rows = export(world, PEOPLE)
    [other] = world.query(
        "select rejected_id from audit.rejected_row where dataset = %s", COMPLETIONS
    )
    for broken, message in (
        (
            [{**rows[0], "rejected_id": str(other[0])}],
            r"is of lms/completions, not of hr/personnel",
        ),
        ([rows[0], rows[0]], r"row 2: it corrects rejected row \d+, and so does row 1"),
    ):
        write(path, broken)
        with pytest.raises(AssuranceError, match=message):
            replay(world.settings, PEOPLE, path, None, "tester")
    for content, message in (
        (",".join(rows[0]) + "\n", r"has no rows, so there is nothing to replay"),
        ("", r"it is empty"),
        (b"PK\x03\x04" + bytes(200), r"it is a workbook or an archive.*saved as CSV"),
        (",".join(rows[0]) + "\na,b\n", r"row 1: the row has 2 cells where the header has 11"),
    ):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(AssuranceError, match=message):
            replay(world.settings, PEOPLE, path, None, "tester")
    with pytest.raises(AssuranceError, match=r"nowhere.csv cannot be read: No such file"):
        replay(world.settings, PEOPLE, path.with_name("nowhere.csv"), None, "tester")
    with pytest.raises(UsageError, match=r"There is no dataset 'hr/people'"):
        replay(world.settings, "hr/people", None, None, "tester")


def test_an_export_is_private_and_logged_and_overwrites_no_file(world: World) -> None:
    some_rejected(world)
    path, rows = export(world, PEOPLE, reason="START_DATE")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(rows[0]) == [
        "employee_no", "collar_no", "employment_type", "rank_grade", "role_code", "org_unit_code",
        "start_date", "leave_date", "absence_status", "rejected_id", "reasons",
    ]  # fmt: skip
    assert [(row["employee_no"], row["start_date"]) for row in rows] == [
        ("000002", "x"), ("000003", "y"),
    ]  # fmt: skip
    log = world.query("select what, to_whom from audit.processing_log where action = 'disclosure'")
    assert log == [(f"hr/personnel: 2 rejected rows of personnel, exported to {path}", "tester")]
    with pytest.raises(AssuranceError, match=r"exists already and may hold corrections"):
        export_rejected(world.settings, QuarantineFilter(PEOPLE), path, "tester")
    with pytest.raises(AssuranceError, match=r"hr/org_unit: no such row in quarantine"):
        export_rejected(world.settings, QuarantineFilter("hr/org_unit"), path, "tester")
    nowhere = path.parent / "none" / "x.csv"
    with pytest.raises(AssuranceError, match=r"x.csv cannot be written: No such file"):
        export_rejected(world.settings, QuarantineFilter(PEOPLE), nowhere, "tester")


def test_a_row_that_could_not_be_split_is_exported_with_its_line(world: World) -> None:
    world.personnel("20260101", "000001", "2,C2,OFFICER,PC", '3,"C3,OFFICER,PC,R,T1,2020-01-01,,')
    world.land(PEOPLE)
    path, rows = export(world, PEOPLE)
    assert [(row["employee_no"], row["collar_no"], row["as_it_came"]) for row in rows] == [
        ("2", "C2", "2,C2,OFFICER,PC"),
        ("3", "C3", '3,"C3,OFFICER,PC,R,T1,2020-01-01,,'),
    ]
    write(path, [{**row, "employment_type": "STAFF", "start_date": "2020-01-01"} for row in rows])
    assert replay(world.settings, PEOPLE, path, None, "tester").landed == 2


def test_the_commands_show_what_is_rejected_and_say_the_next_step(world: World) -> None:
    settings = world.settings
    assert shown(settings, "quarantine", "list")["counts"] == []
    some_rejected(world)
    found = shown(settings, "quarantine", "list", "--limit", "2")
    assert sum(one["rows"] for one in found["counts"]) == 3
    assert len(found["rows"]) == 2
    assert found["notes"] == ["These are the newest 2 of 3 rows: see --limit."]
    assert found["next"].startswith("`assurance quarantine export DATASET --to FILE`, correct FILE")
    mine = shown(settings, "quarantine", "list", "--dataset", PEOPLE)
    assert {one["source_place"] for one in mine["rows"]} == {"personnel_20260101.csv"}
    assert {(one["row_number"], one["row_key"]) for one in mine["rows"]} == {
        (2, "000002"), (3, "000003")
    }  # fmt: skip
    assert "`assurance quarantine replay hr/personnel FILE`" in mine["next"]
    (count,) = shown(settings, "quarantine", "list", "--rejected-for", "START_DATE")["counts"]
    assert (count["dataset"], count["rows"]) == (PEOPLE, 2)
    to = world.dropzone.parent / "export.csv"
    exported = shown(settings, "quarantine", "export", PEOPLE, "--to", str(to))
    assert exported["exported"] == {"rows": 2, "unsplit": 0, "refused_by_marking": 0}
    report = shown(settings, "quarantine", "replay", PEOPLE, str(to), "--reason", "asked")
    assert report["notes"] == ["hr/personnel: 0 rows landed."]
    (delivery,) = report["deliveries"]
    assert (delivery["landed"], delivery["still_rejected"]) == (0, 2)
    assert report["still_rejected"] == [{"rows": 2, "reason": "start_date is not a date"}]
    nothing = shown(settings, "quarantine", "replay", "hr/org_unit")
    assert (nothing["deliveries"], nothing["next"]) == ([], None)
