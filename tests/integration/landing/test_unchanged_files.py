"""Files that were landed long ago are told by their times, and are read again when these say so."""

import os
from contextlib import AbstractContextManager

import pytest

from oic_assurance.sources.files.dropped import Content, DroppedFile, Dropzone
from tests.integration.landing.support import World

PEOPLE = "hr/personnel"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read."""
    names: list[str] = []
    real = Dropzone.read

    def counted(self: Dropzone, file: DroppedFile) -> AbstractContextManager[Content]:
        names.append(file.name)
        return real(self, file)

    monkeypatch.setattr(Dropzone, "read", counted)
    return names


def an_hour_later(world: World) -> None:
    """Let what was landed have been landed an hour from now, as seen from the files."""
    with world.as_owner() as owner:
        owner.execute("update audit.batch set landed_at = landed_at + interval '1 hour'")


def test_what_was_landed_before_is_not_read_again(world: World, read: list[str]) -> None:
    world.personnel("20260101", "000001")
    world.land(PEOPLE)
    an_hour_later(world)
    world.land(PEOPLE)
    assert read == ["personnel_20260101.csv"]


def test_a_file_that_was_changed_lately_is_read(world: World, read: list[str]) -> None:
    world.personnel("20260101", "000001")
    world.land(PEOPLE)
    world.land(PEOPLE)
    assert len(read) == 2


def test_other_bytes_under_the_same_name_size_and_time_are_found(world: World) -> None:
    path = world.personnel("20260101", "000001")
    world.land(PEOPLE)
    an_hour_later(world)
    times = path.stat()
    world.personnel("20260101", "000002")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with world.as_owner() as owner:
        # The change is later than the landing, as it is in the world.
        owner.execute("update audit.batch set landed_at = landed_at - interval '1 hour'")
    assert world.land(PEOPLE).batches == 1
    assert set(world.state(PEOPLE, [])) == {"000002"}
