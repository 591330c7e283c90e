"""An erasure that is killed at any moment and run again ends as if it had not been killed."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import DEFAULT, patch

import pytest

from oic_assurance.operations.erase import erase as module
from oic_assurance.operations.erase.erase import erase, resolve_drafts
from oic_assurance.operations.erase.search import Request
from oic_assurance.sources.declarations.load import dataset
from tests.integration.landing.support import World, person
from tests.integration.operations.support import KilledError, disagreements

PEOPLE = dataset("hr/personnel")
REQUEST = Request(PEOPLE, PEOPLE.tables[0], ("000777",), "asked for")
ERASE = """
from oic_assurance.operations.erase.erase import erase
from oic_assurance.operations.erase.search import Request
from oic_assurance.settings import load_settings
from oic_assurance.sources.declarations.load import dataset
people = dataset("hr/personnel")
print("begun", flush=True)
erase(load_settings(), Request(people, people.tables[0], ("000777",), "asked for"))
"""


def deliver(world: World) -> None:
    for day in range(1, 9):
        rows = [person(f"{n:06d}", f"T{(n * day) % 7}") for n in range(700, 900)]
        world.personnel(f"202601{day:02d}", *rows)
    world.land(PEOPLE.name)


def remains(world: World) -> object:
    """Return the state after an erasure, without ids and times."""
    folder = world.settings.home / "batches" / PEOPLE.name
    return (
        world.query(
            "select row_key, version_at, row_number from raw_general.personnel order by 1, 2, 3"
        ),
        world.query(
            "select b.source_place, e.sha256_before, e.sha256_after, e.places, e.raw_rows"
            " from audit.batch_erasure as e inner join audit.batch as b using (batch_id) order by 1"
        ),
        world.query("select records, raw_rows, kept_rows from audit.erasure"),
        sorted(path.name.partition("-")[2] for path in folder.iterdir()),
    )


@pytest.mark.parametrize("when", ["before the commit", "after the commit", "between two files"])
def test_an_erasure_that_is_stopped_between_two_steps_converges(world: World, when: str) -> None:
    deliver(world)
    files = iter(range(3))

    def replace(path: Path, target: Path) -> Path:
        if path.name.endswith(".erased") and next(files) == 2:
            raise KilledError
        return real(path, target)

    real = Path.replace
    killed: dict[str, AbstractContextManager[object]] = {
        "before the commit": patch.object(module._Erasure, "_log", side_effect=KilledError),
        "after the commit": patch.object(
            module, "resolve_drafts", wraps=resolve_drafts, side_effect=[DEFAULT, KilledError]
        ),
        "between two files": patch.object(Path, "replace", replace),
    }
    with killed[when], pytest.raises(KilledError):
        erase(world.settings, REQUEST)
    again = erase(world.settings, REQUEST)
    assert bool(again) is (when == "before the commit")
    assert disagreements(world, PEOPLE.name) == []
    folder = world.settings.home / "batches" / PEOPLE.name
    assert len(list(folder.iterdir())) == 8
    assert world.one("select count(*) from audit.erasure") == 1
    assert not erase(world.settings, REQUEST)


@pytest.mark.slow
def test_an_erasure_that_is_killed_at_any_moment_converges(world: World, tmp_path: Path) -> None:
    deliver(world)
    erase(world.settings, REQUEST)
    undisturbed = remains(world)
    chance = random.Random(7)
    for number in range(12):
        World(world.settings, tmp_path / str(number)).close()
        world.land(PEOPLE.name)
        kill_while_erasing(world, chance.uniform(0.0, 1.5))
        erase(world.settings, REQUEST)
        assert remains(world) == undisturbed
        assert disagreements(world, PEOPLE.name) == []


def kill_while_erasing(world: World, seconds: float) -> None:
    environment = os.environ | {"PYTHONPATH": str(world.settings.project_root / "include")}
    process = subprocess.Popen(
        [sys.executable, "-c", ERASE], env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
