"""A source database's values are written as text that PostgreSQL's COPY can read."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from oic_assurance.sources.databases.copy_text import (
    CHUNK_CHARACTERS,
    Notes,
    copy_lines,
    in_chunks,
    value_writer,
    wall_clock_before,
)
from oic_assurance.sources.declarations.model import ColumnType

LONDON = ZoneInfo("Europe/London")


def write(kind: ColumnType, value: str, zone: tzinfo = UTC, notes: Notes | None = None) -> str:
    return value_writer("seen_at", kind, zone, notes or Notes())(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a\tb\nc\rd\\e", r"a\tb\nc\rd\\e"),
        (r"\N", r"\\N"),
        (r"\.", r"\\."),
        ("nul\0", "nul\N{SYMBOL FOR NULL}"),
        ("‘Łódź’ 🚔", "‘Łódź’ 🚔"),
    ],
)
def test_texts_are_escaped(value: str, written: str) -> None:
    assert write("text", value) == written


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("bigint", "9007199254740993", "9007199254740993"),
        ("bigint", "-1", "-1"),
        ("integer", "0", "0"),
        ("integer", "00042", "42"),
        ("numeric", "12.50", "12.50"),
        ("boolean", "0", "f"),
        ("boolean", "1", "t"),
        ("date", "2026-02-28", "2026-02-28"),
        ("timestamptz", "2026-01-05 06:00:00.000001", "2026-01-05 06:00:00.000001+00"),
        ("timestamptz", "2026-01-05T06:00:00.1234567", "2026-01-05T06:00:00.1234567+00"),
    ],
)
def test_values_are_written_as_their_types(kind: ColumnType, value: str, written: str) -> None:
    assert write(kind, value) == written


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "0000-00-00"),
        ("date", "2026-00-10"),
        ("date", "2026-02-30"),
        ("date", "2026-01-01 10:00:00"),
        ("timestamptz", "0000-00-00 00:00:00"),
        ("timestamptz", "2026-02-30 10:00:00"),
        ("boolean", "2"),
        ("boolean", "-1"),
    ],
)
@pytest.mark.parametrize("zone", [UTC, LONDON], ids=str)
def test_an_invalid_value_becomes_blank_and_is_counted(
    kind: ColumnType, value: str, zone: tzinfo
) -> None:
    notes = Notes()
    assert write(kind, value, zone, notes) == r"\N"
    assert notes.counts() == {"unreadable_made_blank": {"seen_at": 1}}


@pytest.mark.parametrize(
    ("wall", "written", "ambiguous"),
    [
        ("2026-01-05 06:00:00", "2026-01-05 06:00:00+00:00", False),
        ("2026-07-05 06:00:00", "2026-07-05 05:00:00+00:00", False),
        ("2026-10-25 00:59:59", "2026-10-24 23:59:59+00:00", False),
        ("2026-10-25 01:30:00", "2026-10-25 00:30:00+00:00", True),
        ("2026-10-25 02:00:00", "2026-10-25 02:00:00+00:00", False),
        ("2026-03-29 01:30:00", "2026-03-29 01:30:00+00:00", True),
    ],
)
def test_local_times_are_read_in_their_zone_and_ambiguous_ones_are_counted(
    wall: str, written: str, ambiguous: bool
) -> None:
    notes = Notes()
    assert write("timestamptz", wall, LONDON, notes) == written
    assert bool(notes.counts()) is ambiguous


def test_no_later_change_is_missed_when_the_clocks_go_back() -> None:
    """At 00:50 UTC it is 01:50 in London. Twenty minutes later it is 01:10, for the second time.

    If a row is changed at that later moment, its cursor value is 01:10. So after an extract at
    00:50 UTC, the next extract must read rows from 01:10 or an earlier time on.
    """
    before = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    after = datetime(2026, 10, 25, 1, 10, tzinfo=UTC).astimezone(LONDON).replace(tzinfo=None)
    assert wall_clock_before(before, LONDON) <= after
    assert wall_clock_before(before, UTC) == datetime(2026, 10, 25, 0, 50)  # noqa: DTZ001


def test_rows_become_lines_and_chunks_have_a_limited_size() -> None:
    columns: list[tuple[str, ColumnType]] = [("n", "bigint"), ("t", "text")]
    writers = [value_writer(name, kind, UTC, Notes()) for name, kind in columns]
    rows = [("1", "a"), ("2", None), ("3", "x" * 1000)]
    assert list(copy_lines(rows, writers))[:2] == ["1\ta", "2\t\\N"]
    chunks = list(in_chunks(copy_lines(rows * 1000, writers)))
    assert len(chunks) > 3
    assert max(map(len, chunks)) <= CHUNK_CHARACTERS + 1100
    assert b"".join(chunks).count(b"\n") == 3000
    assert list(in_chunks([])) == []
