"""With a key, batches are encrypted in the archive. Nobody can read them without the key."""

import gzip
from pathlib import Path

import pytest

from oic_assurance.batches.archive_key import ARCHIVE_KEY
from oic_assurance.batches.archive_reader import UnreadableError, open_archived, open_unpacked
from oic_assurance.batches.archive_store import archived_file
from oic_assurance.batches.archive_writer import Archive, ArchiveWriter
from oic_assurance.errors import UsageError
from oic_assurance.settings import Settings
from oic_assurance.storage.store import StoredFile
from oic_assurance.warehouse.encryption import MAGIC, new_identity
from tests.unit.batches.support import content

ROWS = b"".join(b"%06d,OFFICER,INSPECTOR,%d\n" % (n, n * 7919) for n in range(60_000))
NAME = "personnel_20260101.csv"


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the archive's key, which is outside the state folder."""
    path = tmp_path / "key"
    path.write_text(f"# made for a test\n{new_identity()}\n", encoding="ascii")
    path.chmod(0o600)
    monkeypatch.setenv(ARCHIVE_KEY, str(path))
    return path


@pytest.fixture
def archived(settings: Settings, archive: Archive, key: Path) -> Path:
    return settings.home / archive.store(content(ROWS), NAME, 3)


@pytest.fixture
def stored(settings: Settings, archived: Path) -> StoredFile:
    return archived_file(settings, str(archived.relative_to(settings.home)))


def test_an_archived_batch_is_encrypted_and_read_again(settings: Settings, archived: Path) -> None:
    assert archived.read_bytes().startswith(MAGIC)
    assert b"INSPECTOR" not in archived.read_bytes()
    assert archived.stat().st_mode & 0o777 == 0o600
    with open_archived(settings, str(archived.relative_to(settings.home))) as found:
        assert found.stream.read() == ROWS


def test_a_reader_may_stop_early(stored: StoredFile) -> None:
    with open_unpacked(stored) as stream:
        assert stream.readline() == ROWS.splitlines(keepends=True)[0]


def test_a_batch_archived_without_a_key_stays_readable(
    settings: Settings, archive: Archive, request: pytest.FixtureRequest
) -> None:
    archived_as = archive.store(content(ROWS), NAME, 3)
    assert gzip.decompress((settings.home / archived_as).read_bytes()) == ROWS
    request.getfixturevalue("key")
    with open_archived(settings, archived_as) as found:
        assert found.stream.read() == ROWS


@pytest.mark.parametrize("other", [None, "another"])
def test_without_its_key_an_archived_batch_is_not_read(
    stored: StoredFile, key: Path, monkeypatch: pytest.MonkeyPatch, other: str | None
) -> None:
    if other:
        key.write_text(str(new_identity()), encoding="ascii")
    else:
        monkeypatch.delenv(ARCHIVE_KEY)
    # The batch is sound, and only the key is missing. So the error is not an `UnreadableError`,
    # after which an erasure would delete the batch's draft.
    with (
        pytest.raises(UsageError, match="ASSURANCE_ARCHIVE_KEY has no key that fits"),
        open_unpacked(stored) as stream,
    ):
        stream.read()


def test_a_second_key_in_the_file_still_reads_what_it_encrypted(
    stored: StoredFile, key: Path
) -> None:
    key.write_text(f"{new_identity()}\n{key.read_text(encoding='ascii')}", encoding="ascii")
    with open_unpacked(stored) as stream:
        assert stream.read() == ROWS


def test_a_change_in_the_place_of_the_key_is_noticed(archived: Path, stored: StoredFile) -> None:
    damaged = bytearray(archived.read_bytes())
    damaged[30] ^= 1
    archived.write_bytes(bytes(damaged))
    with pytest.raises(UsageError, match="the file was changed"), open_unpacked(stored) as s:
        s.read()


@pytest.mark.parametrize("place", [250, 100_000, -1])
def test_a_changed_byte_is_noticed(archived: Path, stored: StoredFile, place: int) -> None:
    damaged = bytearray(archived.read_bytes())
    damaged[place] ^= 1
    archived.write_bytes(bytes(damaged))
    with pytest.raises(UnreadableError, match="changed or cut off"), open_unpacked(stored) as s:
        s.read()


@pytest.mark.parametrize("change", ["cut", "lengthened"])
def test_another_length_is_noticed(archived: Path, stored: StoredFile, change: str) -> None:
    whole = archived.read_bytes()
    archived.write_bytes(whole[:-70_000] if change == "cut" else whole + b"x")
    with pytest.raises(UnreadableError, match="changed or cut off"), open_unpacked(stored) as s:
        s.read()


def write_all(writer: ArchiveWriter) -> None:
    for start in range(0, len(ROWS), 100_000):
        writer.write(ROWS[start : start + 100_000])
    writer.finish()


def test_a_full_disk_is_reported_as_such(settings: Settings, archive: Archive, key: Path) -> None:
    with archive.writer("00000004-x.gz") as writer:
        writer._draft.file.close()
        full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115
        assert writer._encrypter is not None
        writer._encrypter._target._file = full
        with pytest.raises(OSError, match="No space left"):
            write_all(writer)
        full.close()
    assert not list((settings.home / "batches").rglob("*.part"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("/nowhere/key", "cannot be read: No such file"),
        ("AGE-SECRET-KEY-1NOTHING", "a line is not a private key"),
        ("inside", "is in the state folder"),
        ("open", "is open to every user"),
        ("blank", "there is no private key"),
    ],
)
def test_an_unfit_key_is_refused_with_its_reason(
    settings: Settings,
    archive: Archive,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    message: str,
) -> None:
    settings.home.mkdir()
    path = (settings.home if given == "inside" else tmp_path) / "a-key"
    text = "# nothing\n" if given == "blank" else str(new_identity())
    path.write_text(text, encoding="ascii")
    path.chmod(0o644 if given == "open" else 0o600)
    monkeypatch.setenv(ARCHIVE_KEY, str(path) if given in ("inside", "open", "blank") else given)
    with pytest.raises(UsageError, match=message):
        archive.store(content(ROWS), NAME, 5)
