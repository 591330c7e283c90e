"""A file is in the archive only after all of it was written, and is read back unchanged."""

import hashlib

import pytest

from oic_assurance.batches.archive_reader import open_archived
from oic_assurance.batches.archive_store import archive_store
from oic_assurance.batches.archive_writer import Archive, archived_files
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import dataset
from tests.unit.batches.support import content

PEOPLE = dataset("hr/personnel")


def test_an_archived_file_is_read_back_unchanged(settings: Settings, archive: Archive) -> None:
    data = b"employee_no\n" * 100_000
    archived_as = archive.store(content(data), "personnel_20260101.csv", 7)
    assert archived_as == "batches/hr/personnel/00000007-personnel_20260101.csv.gz"
    assert (settings.home / archived_as).stat().st_size < len(data) / 10
    with open_archived(settings, archived_as) as read:
        assert read.stream.read() == data
        assert read.sha256 == hashlib.sha256(data).hexdigest()


def test_content_that_changed_while_it_was_read_is_not_archived(
    settings: Settings, archive: Archive
) -> None:
    with pytest.raises(AssuranceError, match="its content changed while it was archived"):
        archive.store(content(b"second", sha256="of the first"), "personnel_20260101.csv", 7)
    assert archived_files(archive_store(settings), PEOPLE) == {}


def test_an_interrupted_writer_leaves_no_file(settings: Settings, archive: Archive) -> None:
    def interrupted() -> None:
        with archive.writer("00000008-x.gz") as writer:
            writer.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert archived_files(archive_store(settings), PEOPLE) == {}
