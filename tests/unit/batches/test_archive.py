"""Kept batches: there when they are finished, and not at all otherwise."""

import dataclasses
import hashlib
import io
from pathlib import Path

import pytest

from oic_assurance.batches.archive import Archive
from oic_assurance.batches.archived import open_archived
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings, load_settings
from oic_assurance.sources.declarations.load import dataset
from oic_assurance.sources.files.dropped import Content


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return dataclasses.replace(load_settings(), home=tmp_path / "home")


@pytest.fixture
def archive(settings: Settings) -> Archive:
    return Archive(settings, dataset("hr/personnel"))


def content(data: bytes, sha256: str | None = None) -> Content:
    return Content(io.BytesIO(data), len(data), sha256 or hashlib.sha256(data).hexdigest())


def test_what_is_kept_comes_out_as_it_came(settings: Settings, archive: Archive) -> None:
    data = b"employee_no\n" * 100_000
    kept_as = archive.store(content(data), "personnel_20260101.csv", 7)
    assert kept_as == "batches/hr/personnel/00000007-personnel_20260101.csv.gz"
    assert (settings.home / kept_as).stat().st_size < len(data) / 10
    with open_archived(settings, kept_as) as kept:
        assert kept.stream.read() == data
        assert kept.sha256 == hashlib.sha256(data).hexdigest()


def test_what_changed_while_it_was_read_is_not_kept(settings: Settings, archive: Archive) -> None:
    with pytest.raises(AssuranceError, match="not what was read"):
        archive.store(content(b"second", sha256="of the first"), "personnel_20260101.csv", 7)
    assert list((settings.home / "batches/hr/personnel").iterdir()) == []


def test_what_was_interrupted_leaves_nothing(settings: Settings, archive: Archive) -> None:
    def interrupted() -> None:
        with archive.writer("00000008-x.gz") as kept:
            kept.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list((settings.home / "batches/hr/personnel").iterdir()) == []


def test_a_damaged_kept_batch_is_one_clear_line(settings: Settings, archive: Archive) -> None:
    kept_as = archive.store(content(b"x" * 1000), "personnel_20260101.csv", 9)
    path = settings.home / kept_as
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(AssuranceError, match="cannot be read"), open_archived(settings, kept_as):
        pass
