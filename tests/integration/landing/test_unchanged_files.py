"""A landed file is read again only if its size or one of its times has changed.

A file that was changed shortly before its landing is read again, too.
"""

import os
from contextlib import AbstractContextManager

import pytest

from oic_assurance.sources.files.dropped import Content, DroppedFile, Dropzone
from tests.integration.asking import ask
from tests.integration.landing.support import World

PEOPLE = "hr/personnel"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that gets the name of each file that landing reads."""
    names: list[str] = []
    real = Dropzone.read

    def counted(self: Dropzone, file: DroppedFile) -> AbstractContextManager[Content]:
        names.append(file.name)
        return real(self, file)

    monkeypatch.setattr(Dropzone, "read", counted)
    return names


def an_hour_later(world: World) -> None:
    """Add one hour to the recorded landing time of all batches.

    The files then no longer count as changed shortly before their landing.
    """
    ask(world.settings, "update audit.batch set landed_at = landed_at + interval '1 hour'")


def test_a_landed_file_is_read_again_only_if_it_was_changed_recently(
    world: World, read: list[str]
) -> None:
    world.personnel("20260101", "000001")
    world.land(PEOPLE)
    world.land(PEOPLE)
    assert read == ["personnel_20260101.csv"] * 2
    an_hour_later(world)
    world.land(PEOPLE)
    assert len(read) == 2


def test_other_bytes_with_the_same_name_size_and_time_are_found(world: World) -> None:
    path = world.personnel("20260101", "000001")
    world.land(PEOPLE)
    an_hour_later(world)
    times = path.stat()
    world.personnel("20260101", "000002")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    ask(world.settings, "update audit.batch set landed_at = landed_at - interval '1 hour'")
    assert world.land(PEOPLE).batches == 1
    assert set(world.state(PEOPLE, [])) == {"000002"}
