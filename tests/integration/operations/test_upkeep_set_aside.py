"""What a restore set aside is removed when it is old, and never if it is the only copy."""

import dataclasses
import gzip
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from oic_assurance import clock
from oic_assurance.operations.backup.set_aside import FOLDER, MOMENT
from oic_assurance.operations.doctor.warehouse import look_at_leftovers
from oic_assurance.operations.upkeep import RESTORES, Upkeep, run_part
from tests.integration.landing.changed_databases import CUSTODY
from tests.integration.landing.support import World
from tests.integration.operations.test_batch_verify import PEOPLE, deliver_custody, deliver_people

DAYS = 35


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


def upkeep(world: World) -> Upkeep:
    return run_part(world.settings, RESTORES)


def test_what_the_warehouse_has_again_is_removed_after_the_declared_days(
    world: World, aside: Path
) -> None:
    deliver_people(world)
    deliver_custody(world)
    files = [*set_aside(world, PEOPLE, aside), *set_aside(world, CUSTODY, aside)]
    assert any("vanished" in path.name for path in files)
    would = run_part(world.settings, RESTORES, dry_run=True)
    assert would.did == {"removed": len(files), "not old yet": 0, "only copies": 0}
    assert all(path.exists() for path in files)
    done = upkeep(world)
    assert (done.outcome, done.did, done.message) == ("done", would.did, None)
    assert done.bytes_before
    assert done.bytes_after == 0
    assert list((world.settings.home / FOLDER).iterdir()) == []
    # The archive itself is as it was.
    assert len(list((world.settings.home / "batches" / PEOPLE).iterdir())) == 4


def test_what_is_not_old_stays(world: World) -> None:
    deliver_people(world)
    files = set_aside(world, PEOPLE, folder(world, days_ago=DAYS - 1))
    assert upkeep(world).did == {"removed": 0, "not old yet": len(files), "only copies": 0}
    assert all(path.exists() for path in files)
    [found] = look_at_leftovers(world.settings)
    assert (found.subject, found.state) == ("set-aside", "ok")
    shorter = dataclasses.replace(world.settings, keep_set_aside_days=7)
    assert run_part(shorter, RESTORES).did["removed"] == len(files)


def test_a_delivered_file_that_is_the_only_copy_stays_and_a_person_is_told(
    world: World, aside: Path
) -> None:
    deliver_people(world)
    first, *others = set_aside(world, PEOPLE, aside)
    first.write_bytes(gzip.compress(b"another content"))
    done = upkeep(world)
    assert (done.outcome, done.did["removed"], done.did["only copies"]) == ("done", len(others), 1)
    assert "a person must decide" in (done.message or "")
    assert gzip.decompress(first.read_bytes()) == b"another content"
    [found] = look_at_leftovers(world.settings)
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
    assert upkeep(world).did == {"removed": len(files) - 1, "not old yet": 0, "only copies": 1}
    assert files[0].exists()


def test_what_upkeep_does_not_know_stays(world: World, aside: Path) -> None:
    notes = world.settings.home / FOLDER / "notes" / "mine.txt"
    gone = aside / "batches" / "old" / "dataset" / "00000001-x.csv.gz"
    for path in (notes, gone):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(b"x"))
    assert upkeep(world).did == {"removed": 0, "not old yet": 0, "only copies": 1}
    assert notes.exists()
    assert gone.exists()


def test_a_file_that_cannot_be_read_stays_and_the_part_fails(world: World, aside: Path) -> None:
    deliver_people(world)
    first, *_ = set_aside(world, PEOPLE, aside)
    first.write_bytes(b"damaged")
    done = upkeep(world)
    assert done.outcome == "failed"
    assert first.name in (done.message or "")
    assert first.exists()
