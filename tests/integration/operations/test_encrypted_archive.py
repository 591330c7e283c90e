"""Landing, verification, erasure and reading work with an encrypted archive as with a plain one."""

import gzip
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from oic_assurance.batches.archive_key import ARCHIVE_KEY
from oic_assurance.batches.archive_reader import open_unpacked
from oic_assurance.batches.archive_store import archived_file
from oic_assurance.errors import UsageError
from oic_assurance.operations.encrypt_archive import encrypt_archive
from oic_assurance.warehouse.encryption import MAGIC, new_identity
from tests.integration.landing.support import CUSTODY, World, completion
from tests.integration.operations.support import (
    assert_agrees,
    deliver_in_turns,
    disagreements,
    erase_record,
)

PEOPLE, COMPLETIONS = "hr/personnel", "lms/completions"


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
