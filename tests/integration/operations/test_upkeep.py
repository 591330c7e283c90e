"""Each part of the upkeep says what it did, gives way to a run, and stops no other part.

What a restore set aside is removed when it is old, and never if it is the only copy.
"""

import dataclasses
import gzip
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

from oic_assurance import clock
from oic_assurance.builds import runs
from oic_assurance.errors import AssuranceError
from oic_assurance.operations.backup.set_aside import FOLDER, MOMENT
from oic_assurance.operations.doctor.warehouse import measure_leftovers
from oic_assurance.operations.review import Wish, decide
from oic_assurance.operations.upkeep import (
    ERASURES,
    GENERATIONS,
    RESTORES,
    REVIEW,
    SCRATCH,
    Part,
    Upkeep,
    Work,
    latest,
    run_part,
)
from oic_assurance.publishing import retention
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import CANDIDATE, DRILL, RECOMPUTE, UPKEEP, take
from tests.integration.asking import ask
from tests.integration.landing.support import CUSTODY, World
from tests.integration.operations.support import KilledError
from tests.integration.operations.test_batch_verify import deliver_custody, deliver_people
from tests.integration.operations.test_review import ERASE, PEOPLE, leave
from tests.integration.publishing.marts import published

BROKEN = Part("logs", "Fails.", Mock(side_effect=AssuranceError("the disk is full.")))
AS_AT = datetime(2026, 5, 1, 4, 30, tzinfo=UTC)


DAYS = 35


def outcomes(settings: Settings) -> dict[str, str]:
    return {one.part: one.outcome for one in latest(settings)}


def test_a_part_that_fails_is_on_record_and_does_not_stop_the_others(world: World) -> None:
    leave(world)
    assert run_part(world.settings, BROKEN).outcome == "failed"
    done = run_part(world.settings, REVIEW)
    assert (done.outcome, done.did) == ("done", {"added": 2, "removed": 0})
    recorded = {one.part: one for one in latest(world.settings)}
    assert recorded["logs"].message == "the disk is full."
    assert (recorded["review"].outcome, recorded["review"].did) == (done.outcome, done.did)
    assert recorded["review"].done_at == recorded["review"].ended_at


def test_what_was_decided_is_erased_by_the_next_upkeep_with_numbers_on_record(
    world: World,
) -> None:
    leave(world)
    run_part(world.settings, REVIEW)
    decide(world.settings, PEOPLE, ["000777"], ERASE)
    would = run_part(world.settings, ERASURES, dry_run=True)
    assert (would.outcome, would.did) == ("dry run", {"records": 1, "rows": 2})
    assert "erasures" not in outcomes(world.settings)
    done = run_part(world.settings, ERASURES)
    assert (done.outcome, done.did) == ("done", {"records": 1, "rows": 2})
    kept = Wish("keep", "still open", "a.lead")
    decide(world.settings, PEOPLE, [], kept)
    assert run_part(world.settings, ERASURES).did == {"records": 0, "rows": 0}


def test_upkeep_gives_way_to_a_run_that_is_under_way_and_was_not_killed_long_ago(
    world: World,
) -> None:
    runs.open_run(world.settings, "a run", AS_AT)
    done = run_part(world.settings, BROKEN)
    assert (done.outcome, done.message) == ("skipped", "the run a run is under way")
    ask(world.settings, "update audit.run set started_at = now() - interval '16 hours'")
    assert run_part(world.settings, BROKEN).outcome == "failed"
    runs.close_interrupted(world.settings)


def test_one_process_at_a_time_does_upkeep(world: World) -> None:
    with connect(world.settings, role="oic_erasure", autocommit=True) as other:
        take(other, UPKEEP)
        with pytest.raises(AssuranceError, match="Another upkeep is under way"):
            run_part(world.settings, REVIEW)
    assert run_part(world.settings, REVIEW).outcome == "done"


def test_a_part_that_was_killed_is_closed_as_interrupted_by_the_next_one(world: World) -> None:
    killed = Part("review", "Dies.", Mock(side_effect=KilledError))
    with pytest.raises(KilledError):
        run_part(world.settings, killed)
    assert outcomes(world.settings) == {"review": "running"}
    assert run_part(world.settings, REVIEW).outcome == "done"
    rows = world.query("select outcome, message from audit.upkeep order by upkeep_id")
    assert rows == [("failed", "interrupted before its end"), ("done", None)]


def test_an_error_of_the_database_names_no_value(world: World) -> None:
    def fails(settings: Settings, dry_run: bool) -> Work:
        ask(settings, "select '000777'::date", login="oic_erasure")
        return Work()

    message = run_part(world.settings, Part("review", "Fails.", fails)).message
    assert message is not None
    assert message.startswith("the database failed")
    assert "000777" not in message


def test_schemas_that_a_killed_process_left_go_unless_somebody_holds_their_lock(
    world: World,
) -> None:
    settings = world.settings
    left = ("reproduce_marts", "restate_intermediate", "deadline_policy")
    with connect(settings, role="oic_transform") as transform:
        for name in (*left, "somebody_elses"):
            transform.execute(f"create schema if not exists {name}".encode())
    assert run_part(settings, SCRATCH, dry_run=True).did["schemas"] == 3
    with connect(settings, role="oic_transform", autocommit=True) as user:
        take(user, RECOMPUTE)
        take(user, CANDIDATE)
        busy = run_part(settings, SCRATCH)
    assert busy.did["schemas"] == 0
    assert busy.message is not None
    assert "schemas reproduce_…" in busy.message
    assert run_part(settings, SCRATCH).did["schemas"] == 3
    there = world.query(
        "select nspname from pg_namespace where nspname = any(%s)", [*left, "somebody_elses"]
    )
    assert there == [("somebody_elses",)]
    ask(settings, "drop schema somebody_elses", login="oic_transform")


def test_unfinished_files_of_the_archive_go_after_a_day_and_others_stay(world: World) -> None:
    world.personnel("20260101", "000001")
    world.land(PEOPLE.name)
    folder = world.settings.home / "batches" / PEOPLE.name
    (batch,) = folder.iterdir()
    old, new, unknown = (folder / name for name in ("a.gz.part", "b.gz.part", "c.gz"))
    for path in (old, new, unknown):
        path.write_bytes(b"x")
    for path in (old, unknown):
        os.utime(path, (time.time() - 2 * 86_400,) * 2)
    assert run_part(world.settings, SCRATCH).did["files"] == 1
    assert set(folder.iterdir()) == {batch, new, unknown}


def test_the_scratch_place_of_a_killed_drill_goes_unless_a_drill_is_under_way(
    world: World,
) -> None:
    left: Path = world.settings.home / "drill" / "postgres"
    left.mkdir(parents=True)
    with connect(world.settings, role="oic_publish", autocommit=True) as user:
        take(user, DRILL)
        assert "a drill" in str(run_part(world.settings, SCRATCH).message)
    assert left.exists()
    assert run_part(world.settings, SCRATCH).did["scratch folders"] == 1
    assert not left.parent.exists()


def test_old_generations_go_with_their_size_on_record(
    fresh_warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        published(fresh_warehouse)
    few = {"attached": 1, "keep": 2}
    patient = {**few, "patience": retention.PATIENCE_SECONDS}
    monkeypatch.setattr(retention.detach_old, "__kwdefaults__", patient)
    monkeypatch.setattr(retention.planned, "__kwdefaults__", few)
    would = run_part(fresh_warehouse, GENERATIONS, dry_run=True)
    assert would.did == {"detached": 2, "dropped": 1}
    done = run_part(fresh_warehouse, GENERATIONS)
    assert done.did == would.did
    assert done.bytes_before is not None
    assert done.bytes_after is not None
    assert done.bytes_after < done.bytes_before
    assert run_part(fresh_warehouse, GENERATIONS).did == {"detached": 0, "dropped": 0}


@pytest.fixture(autouse=True)
def nothing_left(world: World) -> Iterator[None]:
    """Remove what a test has left in the state folder, which is that of the whole session."""
    yield
    shutil.rmtree(world.settings.home / FOLDER, ignore_errors=True)


@pytest.fixture
def aside(world: World) -> Path:
    """A folder as a restore makes it, longer ago than upkeep keeps it."""
    return folder(world, days_ago=DAYS + 1)


def folder(world: World, days_ago: float) -> Path:
    shutil.rmtree(world.settings.home / FOLDER, ignore_errors=True)
    moment = clock.utc_now() - timedelta(days=days_ago)
    return world.settings.home / FOLDER / moment.strftime(MOMENT)


def set_aside(world: World, dataset: str, aside: Path) -> list[Path]:
    """Put a copy of each archived file of a dataset to where a restore sets files aside."""
    place = aside / "batches" / dataset
    shutil.copytree(world.settings.home / "batches" / dataset, place, dirs_exist_ok=True)
    return sorted(place.iterdir())


def tidy_restores(world: World) -> Upkeep:
    return run_part(world.settings, RESTORES)


def test_what_the_warehouse_has_again_is_removed_after_the_declared_days(
    world: World, aside: Path
) -> None:
    deliver_people(world)
    deliver_custody(world)
    files = [*set_aside(world, PEOPLE.name, aside), *set_aside(world, CUSTODY, aside)]
    assert any("vanished" in path.name for path in files)
    would = run_part(world.settings, RESTORES, dry_run=True)
    assert would.did == {"removed": len(files), "not old yet": 0, "only copies": 0}
    assert all(path.exists() for path in files)
    done = tidy_restores(world)
    assert (done.outcome, done.did, done.message) == ("done", would.did, None)
    assert done.bytes_before
    assert done.bytes_after == 0
    assert list((world.settings.home / FOLDER).iterdir()) == []
    # The archive itself is as it was.
    assert len(list((world.settings.home / "batches" / PEOPLE.name).iterdir())) == 4


def test_what_is_not_old_stays(world: World) -> None:
    deliver_people(world)
    files = set_aside(world, PEOPLE.name, folder(world, days_ago=DAYS - 1))
    assert tidy_restores(world).did == {"removed": 0, "not old yet": len(files), "only copies": 0}
    assert all(path.exists() for path in files)
    [found] = measure_leftovers(world.settings)
    assert (found.subject, found.state) == ("set-aside", "ok")
    shorter = dataclasses.replace(world.settings, keep_set_aside_days=7)
    assert run_part(shorter, RESTORES).did["removed"] == len(files)


def test_a_delivered_file_that_is_the_only_copy_stays_and_a_person_is_told(
    world: World, aside: Path
) -> None:
    deliver_people(world)
    first, *others = set_aside(world, PEOPLE.name, aside)
    first.write_bytes(gzip.compress(b"another content"))
    done = tidy_restores(world)
    assert (done.outcome, done.did["removed"], done.did["only copies"]) == ("done", len(others), 1)
    assert "a person must decide" in (done.message or "")
    assert gzip.decompress(first.read_bytes()) == b"another content"
    [found] = measure_leftovers(world.settings)
    assert (found.subject, found.state) == ("set-aside", "attention")
    assert str(world.settings.home / FOLDER) in found.what


def test_an_extract_with_a_version_that_raw_lacks_stays(world: World, aside: Path) -> None:
    deliver_custody(world)
    files = set_aside(world, CUSTODY, aside)
    with world.as_owner() as administrator:
        administrator.execute(
            "delete from raw_law_enforcement.custody_record"
            " where batch_id = (select min(batch_id) from audit.batch where dataset = %s)"
            " and row_key = '1'",
            (CUSTODY,),
        )
    assert tidy_restores(world).did == {
        "removed": len(files) - 1,
        "not old yet": 0,
        "only copies": 1,
    }
    assert files[0].exists()


def test_what_upkeep_does_not_know_stays(world: World, aside: Path) -> None:
    notes = world.settings.home / FOLDER / "notes" / "mine.txt"
    gone = aside / "batches" / "old" / "dataset" / "00000001-x.csv.gz"
    for path in (notes, gone):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(b"x"))
    assert tidy_restores(world).did == {"removed": 0, "not old yet": 0, "only copies": 1}
    assert notes.exists()
    assert gone.exists()


def test_a_file_that_cannot_be_read_stays_and_the_part_fails(world: World, aside: Path) -> None:
    deliver_people(world)
    first, *_ = set_aside(world, PEOPLE.name, aside)
    first.write_bytes(b"damaged")
    done = tidy_restores(world)
    assert done.outcome == "failed"
    assert first.name in (done.message or "")
    assert first.exists()
