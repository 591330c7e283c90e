"""Source databases: nothing lost, nothing doubled, nothing read that must stay there."""

import gzip
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from oic_assurance.errors import DeliveryRefused, SourceUnavailable
from oic_assurance.settings import Settings
from oic_assurance.sources.database import ContractBroken
from oic_assurance.warehouse.connections import admin_url, extract_url
from simulator.source_systems import connect_owner
from tests.integration.landing_support import World, warehouse_of_its_own

CUSTODY = "rms/custody_record"
REPORTS = "intelligence/report"
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Settings]:
    with warehouse_of_its_own() as settings:
        yield settings


@pytest.fixture
def world(warehouse: Settings, tmp_path: Path) -> Iterator[World]:
    world = World(warehouse, tmp_path)
    world.empty_sources()
    yield world
    world.close()


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def put(world: World, key: int, updated: datetime, officer: str = "C1", **other: Any) -> None:
    """Insert or replace a custody record."""
    values = {
        "custody_id": key,
        "arresting_officer_no": officer,
        "detention_reason_code": "IMMIGRATION",
        "detained_at": START,
        "created_at": START,
        "updated_at": updated,
    } | other
    world.rms("delete from rms.custody_record where custody_id = %s", key)
    world.rms(
        f"insert into rms.custody_record ({', '.join(values)})"
        f" values ({', '.join(['%s'] * len(values))})",
        *values.values(),
    )


def put_report(world: World, key: int, updated: datetime, **other: Any) -> None:
    values = {
        "report_id": key,
        "report_urn": f"URN-{key}",
        "document_type_code": "NCCU_INTEL",
        "grading_scheme": "3x5x2",
        "source_evaluation": "1",
        "intelligence_assessment": "A",
        "handling_code": "P",
        "protective_marking": "OFFICIAL-SENSITIVE",
        "author_officer_no": "C1",
        "status": "SUBMITTED",
        "created_at": START,
        "updated_at": updated,
        "narrative": f"The heron lands at midnight {key}",
        "source_identity": f"Mallard {key}",
    } | other
    world.intelligence("delete from intel.report where report_id = %s", key)
    world.intelligence(
        f"insert into intel.report ({', '.join(values)})"
        f" values ({', '.join(['%s'] * len(values))})",
        *values.values(),
    )


def officers(world: World, moment: datetime | None = None) -> dict[str, str]:
    when = {} if moment is None else {"at": moment}
    state = world.state(CUSTODY, ("arresting_officer_no",), **when)
    return {key: officer for key, (officer,) in state.items()}


def test_versions_hold_from_the_moment_the_source_gives_them(world: World) -> None:
    put(world, 1, at(0), "C1")
    put(world, 2, at(1), "C2")
    assert world.land(CUSTODY).rows_landed == 2
    put(world, 1, at(60), "C9")
    report = world.land(CUSTODY)
    assert (report.batches, report.rows_landed) == (1, 1)
    assert officers(world, at(30)) == {"1": "C1", "2": "C2"}
    assert officers(world) == {"1": "C9", "2": "C2"}


def test_nothing_changed_is_cheap_and_leaves_no_batch(world: World) -> None:
    world.rms(
        "insert into rms.custody_record (custody_id, arresting_officer_no, detention_reason_code,"
        " detained_at, created_at, updated_at) select n, 'C1', 'OTHER', %s, %s,"
        " %s::timestamptz + n * interval '1 second' from generate_series(1, 20000) as n",
        START, START, START,
    )  # fmt: skip
    world.land(CUSTODY)
    begun = time.monotonic()
    report = world.land(CUSTODY)
    assert time.monotonic() - begun < 1
    assert (report.batches, report.rows_landed) == (0, 0)
    assert len(world.batches(CUSTODY)) == 1
    outcomes = world.query("select outcome, batches from audit.extraction order by extraction_id")
    assert outcomes == [("succeeded", 1), ("succeeded", 0)]
    kept = list((world.settings.home / "batches" / CUSTODY).iterdir())
    assert len(kept) == 1


@pytest.mark.parametrize("late", [10, 600], ids=["inside the overlap", "long after"])
def test_a_row_that_commits_late_is_not_lost(world: World, late: int) -> None:
    put(world, 1, at(late))
    with connect_owner(world.settings, "rms") as slow:
        slow.execute(
            "insert into rms.custody_record (custody_id, arresting_officer_no,"
            " detention_reason_code, detained_at, created_at, updated_at)"
            " values (2, 'C2', 'OTHER', %s, %s, %s)",
            (START, START, START),
        )
        world.land(CUSTODY)
        assert list(officers(world)) == ["1"]
        slow.commit()
    assert world.land(CUSTODY).rows_landed == 1
    assert officers(world, START) == {"2": "C2"}
    assert world.land(CUSTODY).batches == 0


def test_equal_cursor_values_at_the_edge_are_all_read(world: World) -> None:
    for key in range(5):
        put(world, key, at(0))
    world.land(CUSTODY)
    for key in range(5, 10):
        put(world, key, at(0))
    assert world.land(CUSTODY).rows_landed == 5
    assert len(officers(world)) == 10


def test_a_change_that_does_not_move_the_clock_is_seen_while_in_the_overlap(world: World) -> None:
    put(world, 1, at(0), "C1")
    world.land(CUSTODY)
    put(world, 1, at(0), "C2")
    assert world.land(CUSTODY).rows_landed == 1
    assert officers(world) == {"1": "C2"}


def test_a_soft_delete_is_a_version_and_a_hard_delete_a_tombstone(world: World) -> None:
    put(world, 1, at(0))
    put(world, 2, at(0))
    put(world, 3, at(0))
    world.land(CUSTODY)
    put(world, 1, at(5), deleted_at=at(5))
    world.rms("delete from rms.custody_record where custody_id = 2")
    before = datetime.now(UTC)
    report = world.land(CUSTODY)
    assert (report.batches, report.rows_landed) == (2, 2)
    assert world.state(CUSTODY, ("deleted_at",)) == {"1": (at(5),), "3": (None,)}
    [(gone_at, custody_id, place)] = world.query(
        "select version_at, custody_id, row_number from raw_law_enforcement.custody_record"
        " where is_tombstone"
    )
    assert before - timedelta(seconds=1) <= gone_at <= datetime.now(UTC)
    assert (custody_id, place) == (2, 1)
    kinds = [(batch["kind"], batch["row_count"]) for batch in world.batches(CUSTODY)]
    # The overlap reads what is there again; one row of it is new.
    assert kinds == [("database", 3), ("database", 2), ("reconciliation", 1)]
    assert world.land(CUSTODY).batches == 0


def test_a_record_that_comes_back_with_its_old_clock_is_there_again(world: World) -> None:
    put(world, 1, at(0), "C1")
    world.land(CUSTODY)
    world.rms("delete from rms.custody_record")
    world.land(CUSTODY)
    assert officers(world) == {}
    put(world, 1, at(0), "C1")
    world.land(CUSTODY)
    assert officers(world) == {"1": "C1"}
    assert world.land(CUSTODY).batches == 0


def test_a_clock_that_goes_back_does_not_hide_what_the_source_says_now(world: World) -> None:
    put(world, 1, at(60), "C1")
    world.land(CUSTODY)
    put(world, 1, at(30), "C2")
    assert world.land(CUSTODY).rows_landed == 1
    assert officers(world) == {"1": "C2"}
    assert world.land(CUSTODY).batches == 0


def test_a_source_clock_ahead_of_ours_does_not_move_the_cursor_past_now(world: World) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=3)
    put(world, 1, ahead, "C1")
    world.land(CUSTODY)
    assert world.one("select cursor_at from audit.source_cursor") < datetime.now(UTC)
    put(world, 2, datetime.now(UTC), "C2")
    world.land(CUSTODY)
    assert officers(world) == {"1": "C1", "2": "C2"}
    world.rms("delete from rms.custody_record where custody_id = 1")
    world.land(CUSTODY)
    assert officers(world) == {"2": "C2"}


def test_a_broken_row_is_rejected_once_with_all_reasons_and_its_last_version_stands(
    world: World,
) -> None:
    put(world, 1, at(0), "C1")
    put(world, 2, at(0), "C2")
    world.land(CUSTODY)
    put(world, 1, at(5), "  ", detained_at=None)
    report = world.land(CUSTODY)
    assert (report.batches, report.rows_landed, report.rows_rejected) == (1, 0, 1)
    [(_, key, reasons)] = world.reasons(CUSTODY)
    assert (key, reasons) == ("1", ["arresting_officer_no is missing", "detained_at is missing"])
    assert officers(world) == {"1": "C1", "2": "C2"}
    for _ in range(2):
        assert world.land(CUSTODY).batches == 0
    put(world, 1, at(10), "C7")
    world.land(CUSTODY)
    assert officers(world) == {"1": "C7", "2": "C2"}


def test_a_batch_over_its_tolerance_moves_nothing(world: World) -> None:
    for key in range(40):
        put(world, key, at(key), "C1" if key < 20 else "")
    with pytest.raises(DeliveryRefused, match=r"20 of 40 rows of .* break the source contract"):
        world.land(CUSTODY)
    assert world.query("select * from audit.source_cursor") == []
    assert world.batches(CUSTODY) == []
    [(outcome, reason)] = world.query("select outcome, reason from audit.extraction")
    assert outcome == "failed"
    assert "over the tolerance of 20%" in reason
    world.rms("update rms.custody_record set arresting_officer_no = 'C2' where custody_id > 20")
    assert world.land(CUSTODY).rows_landed == 39


def test_what_must_stay_in_the_source_is_nowhere_in_the_state(world: World) -> None:
    put_report(world, 1, at(0), handling_conditions="not to be shared with the press")
    put_report(world, 2, at(0), protective_marking="SECRET", report_urn="URN-HERON")
    put_report(world, 3, at(0), protective_marking=None)
    put_report(world, 4, at(0), status="LOST")
    report = world.land(REPORTS)
    assert (report.rows_landed, report.rows_rejected) == (1, 3)
    reason = "its protective marking does not admit it: the content was not read"
    rejected = world.query(
        "select row_key, reasons, content is null from audit.rejected_row order by row_key"
    )
    assert rejected == [
        ("2", [reason], True),
        ("3", [reason], True),
        ("4", ["status is not one of DRAFT, SUBMITTED, RETURNED, REJECTED, WITHDRAWN"], False),
    ]
    for _ in range(2):
        assert world.land(REPORTS).batches == 0
    for secret in ("heron lands", "Mallard", "URN-HERON"):
        for table in ("raw_law_enforcement.intelligence_report", "audit.rejected_row"):
            assert (
                world.query(f"select * from {table} as t where t::text like %s", f"%{secret}%")
                == []
            )
        for path in world.settings.home.glob("batches/**/*.gz"):
            assert secret.encode() not in gzip.decompress(path.read_bytes())
        for path in world.settings.log_dir.glob("**/*"):
            assert path.is_dir() or secret.encode() not in path.read_bytes()


def test_the_extraction_login_cannot_read_what_is_never_extracted(world: World) -> None:
    with (
        psycopg.connect(extract_url(world.settings, "intelligence")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select narrative from intel.report")


def test_a_report_whose_marking_is_raised_keeps_its_last_admitted_version(world: World) -> None:
    put_report(world, 1, at(0))
    world.land(REPORTS)
    put_report(world, 1, at(5), protective_marking="TOP SECRET", report_urn="URN-NEW")
    assert world.land(REPORTS).rows_rejected == 1
    assert world.state(REPORTS, ("report_urn",)) == {"1": ("URN-1",)}


@pytest.mark.parametrize("value", ["", "  ", "Z9 ", "three", None])
def test_gradings_land_as_they_come(world: World, value: str | None) -> None:
    names = (
        "grading_scheme", "source_evaluation", "intelligence_assessment", "handling_code",
        "handling_conditions",
    )  # fmt: skip
    put_report(world, 1, at(0), **dict.fromkeys(names, value))
    assert world.land(REPORTS).rows_rejected == 0
    assert world.state(REPORTS, names) == {"1": (value,) * 5}


def test_a_blank_reference_is_none(world: World) -> None:
    put_report(world, 1, at(0), occurrence_ref="", nccu_referral_ref="  ")
    world.land(REPORTS)
    assert world.state(REPORTS, ("occurrence_ref", "nccu_referral_ref")) == {"1": (None, None)}


def test_drift_of_the_source_stops_that_dataset_alone(world: World) -> None:
    put(world, 1, at(0))
    world.rms("alter table rms.custody_record add column force_doctor text")
    try:
        report = world.land(CUSTODY)
        assert report.notes == ["columns kept out: force_doctor"]
        assert report.rows_landed == 1
        world.rms("alter table rms.custody_record rename column released_at to let_go_at")
        with pytest.raises(ContractBroken, match="has no column released_at"):
            world.land(CUSTODY)
        world.rms("alter table rms.custody_record rename column let_go_at to released_at")
        world.rms("alter table rms.custody_record alter column detained_at type text")
        with pytest.raises(ContractBroken, match=r"detained_at is text, declared is timestamptz"):
            world.land(CUSTODY)
        assert world.land("rms/occurrence").batches == 0
    finally:
        world.rms("drop table rms.custody_record")
        world.empty_sources()


def test_a_table_that_is_not_there_is_a_broken_contract(world: World) -> None:
    world.rms("drop table rms.custody_record")
    try:
        with pytest.raises(ContractBroken, match=r"there is no table rms\.rms\.custody_record"):
            world.land(CUSTODY)
    finally:
        world.empty_sources()


def test_a_source_that_is_down_can_heal_and_is_on_record(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", "postgresql://reader:hidden@127.0.0.1:1/rms")
    with pytest.raises(SourceUnavailable) as caught:
        world.land(CUSTODY)
    assert "hidden" not in str(caught.value)
    [(outcome, reason)] = world.query("select outcome, reason from audit.extraction")
    assert outcome == "failed"
    assert reason == str(caught.value)


def test_a_connection_cut_in_the_middle_leaves_nothing_and_can_heal(world: World) -> None:
    world.rms(
        "insert into rms.custody_record (custody_id, arresting_officer_no, detention_reason_code,"
        " detained_at, created_at, updated_at) select n, 'C1', repeat('x', 500), %s, %s, %s"
        " from generate_series(1, 100000) as n",
        START, START, START,
    )  # fmt: skip
    cut = threading.Thread(target=_cut_the_extraction, args=(world,))
    cut.start()
    with pytest.raises(SourceUnavailable, match="rms/custody_record"):
        world.land(CUSTODY)
    cut.join()
    assert world.query("select * from raw_law_enforcement.custody_record") == []
    assert list((world.settings.home / "batches" / CUSTODY).iterdir()) == []
    assert world.land(CUSTODY).rows_landed == 100_000


def _cut_the_extraction(world: World) -> None:
    with psycopg.connect(admin_url(world.settings), autocommit=True) as administrator:
        for _ in range(2000):
            found = administrator.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = 'rms' and query like 'copy%%row_number%%' and state = 'active'"
            ).fetchall()
            if found:
                return
            time.sleep(0.002)


def test_the_extract_is_kept_in_the_documented_form(world: World) -> None:
    put(world, 1, at(0), "a\tb\\", occurrence_ref="26000000001")
    put(world, 2, at(1))
    world.land(CUSTODY)
    [batch] = world.batches(CUSTODY)
    text = gzip.decompress((world.settings.home / batch["kept_as"]).read_bytes())
    header, _, content = text.partition(b"\n")
    said = json.loads(header.removeprefix(b"# "))
    assert said["format"] == "oic-assurance extract 1"
    assert said["columns"][:3] == ["row_number", "custody_id", "occurrence_ref"]
    rows = [line.split("\t") for line in content.decode().splitlines()]
    assert rows[0][:4] == ["1", "1", "26000000001", "a\\tb\\\\"]
    assert batch["sha256"] == hashlib.sha256(content).hexdigest()
    assert batch["size_bytes"] == len(content)
    assert (batch["source_place"], batch["kind"]) == ("rms.rms.custody_record", "database")
    assert (batch["cursor_from"], batch["cursor_to"]) == (None, at(1))
    places = world.query("select custody_id, row_number from raw_law_enforcement.custody_record")
    assert sorted(places) == [(1, 1), (2, 2)]


def test_the_source_is_read_in_one_snapshot(world: World) -> None:
    """While records move in and out, what lands is always a state that the source was in."""
    for key in range(50):
        put(world, key, at(key))
    stop = threading.Event()

    def churn() -> None:
        with connect_owner(world.settings, "rms") as connection:
            number = 100
            while not stop.is_set():
                number += 1
                connection.execute(
                    "update rms.custody_record set custody_id = custody_id + 50, updated_at = now()"
                    " where custody_id = (select min(custody_id) from rms.custody_record)"
                )
                connection.commit()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(8):
            world.land(CUSTODY)
            assert len(officers(world)) == 50
    finally:
        stop.set()
        thread.join()


def test_two_runs_at_once_land_each_change_once(world: World) -> None:
    for key in range(200):
        put(world, key, at(key))
    reports = []
    threads = [
        threading.Thread(target=lambda: reports.append(world.land(CUSTODY))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.rows_landed for report in reports) == [0, 0, 200]
