"""Two workers with state folders of their own share one archive, which a URL names."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from oic_assurance.batches.archive_store import archive_store
from oic_assurance.errors import ServerError
from oic_assurance.landing import land_files
from oic_assurance.landing.land import land_dataset
from oic_assurance.operations.backup.make import make_backup
from oic_assurance.operations.verify.verify import verify
from oic_assurance.settings import Settings
from oic_assurance.storage.store import Store
from tests.commands import shown
from tests.integration.landing.support import CUSTODY, World, at, put
from tests.integration.operations.support import KilledError, deliver_in_turns, erase_record
from tests.unit.storage.broken import URL

PEOPLE = "hr/personnel"


@dataclasses.dataclass
class Workers:
    """Two workers on one warehouse. Only the second one has never landed anything."""

    world: World
    first: Settings
    second: Settings

    @property
    def archive(self) -> Store:
        return archive_store(self.first)

    def disagreements(self) -> list[str]:
        """Verify everything from both workers, and return what they find."""
        return [
            str(one)
            for worker in (self.first, self.second)
            for proof in verify(worker)
            for one in proof.disagreements
        ]


@pytest.fixture(params=["share", "object store"])
def workers(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Workers]:
    share = tmp_path / "share"
    share.mkdir()
    url = f"file://{share}" if request.param == "share" else "memory://archive"
    first = dataclasses.replace(world.settings, archive=url)
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    # The second worker reaches the same server with the same secrets. Everything else is its own.
    for name in ("postgres", "secrets"):
        (other / name).symlink_to(first.home / name)
    yield Workers(world, first, dataclasses.replace(first, home=other))
    MemoryFileSystem.store.clear()


def deliver(workers: Workers) -> None:
    """Land files and a table in turns, each with another worker. One file arrives late."""
    deliver_in_turns(workers.world, (workers.first, workers.second))


def test_no_worker_misses_what_another_one_has_archived(workers: Workers) -> None:
    deliver(workers)
    assert workers.disagreements() == []
    for worker in (workers.first, workers.second):
        assert all(one["is_in_archive"] for one in shown(worker, "batch", "list")["batches"])
        assert not (worker.home / "batches").exists()
    named = workers.world.query("select kept_as from audit.batch order by 1")
    assert [name for (name,) in named] == list(workers.archive.files("batches"))


def test_an_erasure_by_one_worker_reaches_what_another_one_has_archived(workers: Workers) -> None:
    deliver(workers)
    workers.world.settings = workers.second
    erase_record(workers.world, PEOPLE, "000777")
    assert workers.disagreements() == []
    left = shown(workers.first, "batch", "list", PEOPLE)["batches"]
    assert sum(one["rows_erased"] for one in left) == 3
    assert not [name for name in workers.archive.files("batches") if name.endswith(".erased")]


def test_what_a_killed_worker_has_left_is_removed_by_the_next_one(workers: Workers) -> None:
    workers.world.personnel("20260101", "000001", "000003")
    with (
        patch.object(land_files, "register", side_effect=KilledError),
        pytest.raises(KilledError),
    ):
        land_dataset(workers.first, PEOPLE, "run 1")
    assert len(workers.archive.files("batches")) == 1
    assert workers.world.one("select count(*) from audit.batch") == 0
    land_dataset(workers.second, PEOPLE, "run 2")
    assert len(workers.archive.files("batches")) == 1
    assert workers.disagreements() == []


def test_without_its_archive_a_landing_fails_with_one_line_and_the_next_one_lands(
    workers: Workers,
) -> None:
    workers.world.personnel("20260101", "000001", "000003")
    put(workers.world, 1, at(1))
    lost = dataclasses.replace(workers.first, archive=URL)
    for name in (PEOPLE, CUSTODY):
        with pytest.raises(ServerError) as caught:
            land_dataset(lost, name, "run 1")
        assert "The archive broken://host/archive cannot be written" in caught.value.message
        assert f"batches/{name}/" in caught.value.message
    assert workers.world.one("select count(*) from audit.batch") == 0
    assert workers.world.one("select count(*) from raw_general.personnel") == 0
    for name in (PEOPLE, CUSTODY):
        land_dataset(workers.second, name, "run 2")
    assert workers.disagreements() == []


def test_a_back_up_holds_the_shared_archive(workers: Workers, tmp_path: Path) -> None:
    deliver(workers)
    backup = make_backup(workers.second, tmp_path / "backups", [])
    assert backup.manifest.missing == []
    assert backup.manifest.batches == len(workers.archive.files("batches")) == 5
