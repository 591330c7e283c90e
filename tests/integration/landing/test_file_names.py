"""File names come from outside. No file name can stop a landing or control a terminal."""

import os
from pathlib import Path

import pytest

from tests.integration.landing.support import World

PEOPLE = "hr/personnel"


def put(world: World, name: bytes) -> None:
    """Put an empty file with this name into the folder of the personnel files."""
    folder = Path(world.settings.dropzone.removeprefix("file://")) / PEOPLE
    folder.mkdir(parents=True, exist_ok=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"")


@pytest.mark.parametrize(
    "name",
    [
        b"\xff\xfe.csv",
        b"\x1b]0;title\x07\x1b[31mred.csv",
        b"two\nlines.csv",
        b"right\xe2\x80\xaeleft",
    ],
    ids=["not UTF-8", "terminal codes", "a line end", "a change of direction"],
)
def test_any_name_is_listed_without_harm(world: World, name: bytes) -> None:
    put(world, name)
    world.personnel("20260101", "000001")
    assert world.land(PEOPLE).rows_landed == 1
    ((shown,),) = world.query("select name from audit.not_taken")
    assert shown.isprintable()
    # Names that look the same after that are listed once.
    put(world, name.replace(b"\xff", b"\xfe"))
    world.land(PEOPLE)
    counts = "select count(*) from audit.not_taken group by extraction_id"
    assert world.query(counts) == [(1,), (1,)]


def test_a_long_name_is_cut(world: World) -> None:
    put(world, b"a" * 250)
    world.land(PEOPLE)
    ((shown,),) = world.query("select name from audit.not_taken")
    assert len(shown) == 120
