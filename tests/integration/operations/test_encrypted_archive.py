"""Landing, verification, erasure and reading work with an encrypted archive as with a plain one.

So they do if two workers with state folders of their own share an archive that a URL names.
"""

import dataclasses
import gzip
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import patch

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from oic_assurance.batches.archive_key import ARCHIVE_KEY
from oic_assurance.batches.archive_reader import open_unpacked
from oic_assurance.batches.archive_store import archive_store, archived_file
from oic_assurance.errors import ServerError, UsageError
from oic_assurance.landing import land_files
from oic_assurance.landing.land import land_dataset
from oic_assurance.operations.backup.make import make_backup
from oic_assurance.operations.encrypt_archive import encrypt_archive
from oic_assurance.operations.verify.verify import verify
from oic_assurance.settings import Settings
from oic_assurance.storage.store import Store
from oic_assurance.warehouse.encryption import MAGIC, new_identity
from tests.commands import shown
from tests.integration.landing.support import CUSTODY, World, at, completion, put
from tests.integration.operations.support import (
    KilledError,
    assert_agrees,
    deliver_in_turns,
    disagreements,
    erase_record,
)
from tests.unit.storage.broken import URL

PEOPLE, COMPLETIONS = "hr/personnel", "lms/completions"


PEOPLE = "hr/personnel"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "archive-key"
    path.write_text(str(new_identity()), encoding="ascii")
    path.chmod(0o600)
    return path


@pytest.fixture
def with_key(key: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(ARCHIVE_KEY, str(key))
    return key


def files(world: World) -> list[Path]:
    found = [path for path in (world.settings.home / "batches").rglob("*") if path.is_file()]
    assert found
    return sorted(found)


def unpacked(world: World, path: Path) -> AbstractContextManager[gzip.GzipFile]:
    return open_unpacked(archived_file(world.settings, str(path.relative_to(world.settings.home))))


def test_a_stolen_archive_without_the_key_gives_nothing(
    world: World, with_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_in_turns(world, [world.settings])
    assert_agrees(world, PEOPLE)
    assert_agrees(world, CUSTODY)
    assert all(path.read_bytes().startswith(MAGIC) for path in files(world))
    monkeypatch.delenv(ARCHIVE_KEY)
    for path in files(world):
        with pytest.raises(UsageError, match="no key that fits"), unpacked(world, path) as stream:
            stream.read()


def test_records_are_erased_from_encrypted_files(world: World, with_key: Path) -> None:
    deliver_in_turns(world, [world.settings])
    erase_record(world, PEOPLE, "000777")
    erase_record(world, CUSTODY, "3")
    assert_agrees(world, PEOPLE)
    assert_agrees(world, CUSTODY)
    for path in files(world):
        assert path.read_bytes().startswith(MAGIC)
        with unpacked(world, path) as stream:
            assert b"000777" not in stream.read()
    # The erased record stays erased when it is delivered again.
    world.personnel("20260109", "000001", "000777", "000003")
    world.land(PEOPLE)
    assert_agrees(world, PEOPLE)
    with unpacked(world, files(world)[-1]) as stream:
        assert b"000777" not in stream.read()


def test_an_erasure_without_the_key_changes_nothing(
    world: World, with_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_in_turns(world, [world.settings])
    monkeypatch.delenv(ARCHIVE_KEY)
    with pytest.raises(UsageError, match="no key that fits"):
        erase_record(world, PEOPLE, "000777")
    monkeypatch.setenv(ARCHIVE_KEY, str(with_key))
    assert_agrees(world, PEOPLE)
    assert world.query("select 1 from raw_general.personnel where row_key = '000777'")


def test_a_changed_file_is_found_by_verify(world: World, with_key: Path) -> None:
    world.completions("20260101", completion("000001", 50))
    world.land(COMPLETIONS)
    [path] = files(world)
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(bytes(damaged))
    [line] = disagreements(world, COMPLETIONS)
    assert "cannot be decrypted: it was changed or cut off" in line


def test_a_plain_archive_is_encrypted_by_a_command_and_again_with_a_new_key(
    world: World, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_in_turns(world, [world.settings])
    assert not any(path.read_bytes().startswith(MAGIC) for path in files(world))
    with pytest.raises(UsageError, match="ASSURANCE_ARCHIVE_KEY is not set"):
        list(encrypt_archive(world.settings))
    names = [path.name for path in files(world)]
    monkeypatch.setenv(ARCHIVE_KEY, str(key))
    assert sum(count for _, count in encrypt_archive(world.settings)) == len(names)
    assert [path.name for path in files(world)] == names
    assert all(path.read_bytes().startswith(MAGIC) for path in files(world))
    assert_agrees(world, PEOPLE)
    assert sum(count for _, count in encrypt_archive(world.settings)) == 0
    # The key file has the new key in the first line and the old key below it, until all archived
    # files are encrypted with the new key.
    new = tmp_path / "new-key"
    new.write_text(f"{new_identity()}\n{key.read_text(encoding='ascii')}", encoding="ascii")
    new.chmod(0o600)
    monkeypatch.setenv(ARCHIVE_KEY, str(new))
    assert sum(count for _, count in encrypt_archive(world.settings, again=True)) == len(names)
    for path in (world.settings.home / "batches").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    new.write_text(new.read_text(encoding="ascii").splitlines()[0], encoding="ascii")
    assert_agrees(world, PEOPLE)
    assert_agrees(world, CUSTODY)
    # The old key alone reads nothing any more.
    monkeypatch.setenv(ARCHIVE_KEY, str(key))
    with pytest.raises(UsageError):
        list(encrypt_archive(world.settings, again=True))


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


def deliver_by_two(workers: Workers) -> None:
    """Land files and a table in turns, each with another worker. One file arrives late."""
    deliver_in_turns(workers.world, (workers.first, workers.second))


def test_no_worker_misses_what_another_one_has_archived(workers: Workers) -> None:
    deliver_by_two(workers)
    assert workers.disagreements() == []
    for worker in (workers.first, workers.second):
        assert all(one["is_in_archive"] for one in shown(worker, "batch", "list")["batches"])
        assert not (worker.home / "batches").exists()
    named = workers.world.query("select kept_as from audit.batch order by 1")
    assert [name for (name,) in named] == list(workers.archive.files("batches"))


def test_an_erasure_by_one_worker_reaches_what_another_one_has_archived(workers: Workers) -> None:
    deliver_by_two(workers)
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
    deliver_by_two(workers)
    backup = make_backup(workers.second, tmp_path / "backups", [])
    assert backup.manifest.missing == []
    assert backup.manifest.batches == len(workers.archive.files("batches")) == 5
