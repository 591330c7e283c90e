"""If a landing is killed at any moment and run again, the state is as if it had not been killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from oic_assurance.errors import ServerError, SourceUnavailable
from oic_assurance.sources.databases.postgres import PostgresTable
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import dataset_lock, take
from tests.integration.landing.support import CUSTODY, World, person, put_many

PEOPLE = "hr/personnel"
LAND = """
import sys
from oic_assurance.settings import load_settings
from oic_assurance.landing.land import land_dataset
print("begun", flush=True)
for dataset in sys.argv[1:]:
    land_dataset(load_settings(), dataset, "killed")
"""

pytestmark = pytest.mark.usefixtures("empty_sources")


def fill(world: World) -> None:
    for day in range(1, 13):
        rows = [person(f"{n:06d}", f"T{(n * day) % 7}") for n in range(day, 400 + day)]
        world.personnel(f"202601{day:02d}", *rows)
    put_many(world, 1, 20_000)


def landed(world: World) -> object:
    """Return the content of raw and audit, without ids and times."""
    return (
        world.query(
            "select row_key, version_at, row_number, row_fingerprint, is_tombstone"
            " from raw_general.personnel order by 1, 2, 3"
        ),
        world.query(
            "select row_key, version_at from raw_law_enforcement.custody_record order by 1"
        ),
        world.query(
            "select dataset, source_place, status, row_count, rows_new, sha256 from audit.batch"
            " where kind = 'file' order by dataset, delivered_for"
        ),
        world.query("select row_count, rows_new from audit.batch where kind = 'database'"),
    )


def archived(world: World) -> tuple[set[str], set[str]]:
    """Return the names of archived files in `audit.batch`, and the names of the existing files."""
    named = world.query("select kept_as from audit.batch where kept_as is not null")
    existing = [
        path
        for dataset in (PEOPLE, CUSTODY)
        for path in (world.settings.home / "batches" / dataset).glob("*")
    ]
    return {name for (name,) in named}, {str(p.relative_to(world.settings.home)) for p in existing}


@pytest.mark.parametrize("times", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_a_killed_landing_converges(world: World, tmp_path: Path, times: int) -> None:
    fill(world)
    begun = time.monotonic()
    world.land(PEOPLE)
    world.land(CUSTODY)
    whole = time.monotonic() - begun
    undisturbed = landed(world)
    chance = random.Random(7)
    for number in range(times):
        # Start again with an empty warehouse and the same sources.
        World(world.settings, tmp_path / str(number)).close()
        kill_while_landing(world, chance.uniform(0.0, 1.5 * whole))
        world.land(PEOPLE)
        world.land(CUSTODY)
        assert landed(world) == undisturbed
        named, existing = archived(world)
        assert named == existing


def kill_while_landing(world: World, seconds: float | None) -> None:
    """Start a landing in a separate process, and kill the process after some seconds.

    If `seconds` is None, kill the process as soon as its attempt to land is recorded.
    """
    environment = os.environ | {
        "ASSURANCE_DROPZONE": world.settings.dropzone,
        "PYTHONPATH": str(world.settings.project_root / "include"),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", LAND, PEOPLE, CUSTODY], env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    if seconds is None:
        while not world.query("select from audit.extraction where run_id = 'killed'"):
            time.sleep(0.002)
    else:
        time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_a_killed_attempt_stays_recorded_without_an_end(world: World) -> None:
    for day in range(1, 29):
        world.personnel(f"202602{day:02d}", *[f"{n:06d}" for n in range(2000)])
    kill_while_landing(world, None)
    world.land(PEOPLE)
    rows = world.query(
        "select run_id, outcome from audit.extraction where dataset = %s order by 1", PEOPLE
    )
    assert rows == [("killed", None), ("run 1", "succeeded")]


def test_a_full_disk_is_reported_and_leaves_no_file(world: World) -> None:
    fill(world)
    world.land(PEOPLE)
    world.personnel("20260301", *(f"{number:06d}" for number in range(300)))
    full = OSError(28, "No space left on device")
    with (
        patch.object(os, "fsync", side_effect=full),
        pytest.raises(ServerError, match=r"hr/personnel: .*No space left on device"),
    ):
        world.land(PEOPLE)
    named, existing = archived_people(world)
    assert named == existing
    assert world.land(PEOPLE).batches == 1


def archived_people(world: World) -> tuple[set[str], set[str]]:
    named, existing = archived(world)
    return {n for n in named if PEOPLE in n}, {t for t in existing if PEOPLE in t}


def test_the_files_of_a_failed_landing_are_removed_by_the_next(world: World) -> None:
    """The first landing writes a complete archived file and then loses the source."""
    fill(world)
    with (
        patch.object(PostgresTable, "window", side_effect=SourceUnavailable("it is down")),
        pytest.raises(SourceUnavailable),
    ):
        world.land(CUSTODY)
    folder = world.settings.home / "batches" / CUSTODY
    [leftover] = folder.iterdir()
    # Put the file of an unfinished erasure into the same folder. Landing must not remove this file.
    rewritten = folder / f"{leftover.name}.erased"
    rewritten.write_bytes(b"")
    world.land(CUSTODY)
    named, existing = archived(world)
    assert existing - named == {str(rewritten.relative_to(world.settings.home))}
    assert not leftover.exists()


def test_the_files_of_another_warehouse_stay(world: World) -> None:
    world.personnel("20260101", "000001")
    world.land(PEOPLE)
    [kept_before] = (world.settings.home / "batches" / PEOPLE).iterdir()
    world.forget()
    world.personnel("20260102", "000001")
    world.land(PEOPLE)
    assert kept_before.exists()


def test_the_files_of_a_force_that_is_landing_stay(world: World) -> None:
    """Two forces share the folder of archived files.

    While one force is landing, `audit.batch` does not name that force's new file yet. The landing
    of the other force must not remove the file.
    """
    world.personnel("20260101", "000001")
    world.land(PEOPLE)
    unfinished = world.settings.home / "batches" / PEOPLE / "99999999-personnel_20260101.csv.gz"
    with connect(world.settings, role="oic_landing", autocommit=True) as other:
        other.execute(
            "insert into audit.extraction (run_id, force_code, dataset) values ('r', %s, %s)",
            ("E23000001", PEOPLE),
        )
        take(other, dataset_lock("E23000001", PEOPLE))
        unfinished.write_bytes(b"the first rows")
        world.land(PEOPLE)
        assert unfinished.exists()
    # The lock of the other landing is gone, as after a kill, so the next landing removes its file.
    world.land(PEOPLE)
    assert not unfinished.exists()
