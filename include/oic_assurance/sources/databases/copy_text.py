"""Write rows in the text format of PostgreSQL's COPY, from values that a database sent as text."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from oic_assurance.sources.declarations.model import ColumnType

CHUNK_CHARACTERS = 256 * 1024
NULL = r"\N"

_SPECIAL = re.compile("[\\\\\t\n\r\0]")
# A string in PostgreSQL cannot contain a NUL character. So each NUL is replaced with the symbol for
# it. The readers of files do the same.
_ESCAPES = {
    ord("\\"): r"\\",
    ord("\t"): r"\t",
    ord("\n"): r"\n",
    ord("\r"): r"\r",
    0: "\N{SYMBOL FOR NULL}",
}
_FLAGS = {"0": "f", "1": "t"}

Write = Callable[[str], str]


@dataclass
class Notes:
    """Counts of unusual values for each column."""

    unreadable: Counter[str] = field(default_factory=Counter)
    ambiguous: Counter[str] = field(default_factory=Counter)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the counts that are not zero, for each kind of note and column."""
        found = {
            "unreadable_made_blank": dict(self.unreadable),
            "local_times_a_clock_change_repeats_or_skips": dict(self.ambiguous),
        }
        return {name: counts for name, counts in found.items() if counts}


def value_writer(name: str, kind: ColumnType, zone: tzinfo, notes: Notes) -> Write:
    """Return the function that writes one value of a column in the text format of COPY.

    `zone` is the time zone of moments without an offset. Some values do not fit the type of the
    column, such as a date of zeros, or a flag other than 0 and 1. Such a value is written as null
    and counted in `notes`.
    """
    if kind == "text":
        return escape
    if kind in ("bigint", "integer"):
        return _number
    if kind == "numeric":
        return str
    read = {"boolean": _flag, "date": _day, "timestamptz": _moment(name, zone, notes)}[kind]

    def write(value: str) -> str:
        try:
            return read(value)
        except (ValueError, KeyError, OverflowError):
            notes.unreadable[name] += 1
            return NULL

    return write


def escape(value: str) -> str:
    """Escape the characters that have a meaning in the text format of COPY."""
    return value.translate(_ESCAPES) if _SPECIAL.search(value) else value


def _number(value: str) -> str:
    return value if value[:1] != "0" else str(int(value))


def _flag(value: str) -> str:
    return _FLAGS[value]


def _day(value: str) -> str:
    return date.fromisoformat(value).isoformat()


def _moment_in_utc(value: str) -> str:
    datetime.fromisoformat(value)
    return f"{value}+00"


def _moment(name: str, zone: tzinfo, notes: Notes) -> Write:
    if zone is UTC:
        return _moment_in_utc

    def write(value: str) -> str:
        wall = datetime.fromisoformat(value).replace(tzinfo=zone)
        if is_ambiguous(wall):
            notes.ambiguous[name] += 1
        return wall.astimezone(UTC).isoformat(sep=" ")

    return write


def is_ambiguous(wall: datetime) -> bool:
    """Tell whether a clock change repeats or skips this wall-clock time.

    Such a time is read with the offset that applied before the clock change.
    """
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


def wall_clock_before(moment: datetime, zone: tzinfo) -> datetime:
    """Return the earliest time that clocks in `zone` can show at `moment` or later.

    The result is an hour before the wall-clock time of `moment`, because clocks can go back by an
    hour. In UTC clocks never go back, so the result is the time of `moment` itself.
    """
    if zone is UTC:
        return moment.astimezone(UTC).replace(tzinfo=None)
    return moment.astimezone(zone).replace(tzinfo=None) - timedelta(hours=1)


def copy_lines(rows: Iterable[Iterable[str | None]], writers: list[Write]) -> Iterator[str]:
    """Yield each row as a line of COPY's text format, without the line end."""
    for row in rows:
        yield "\t".join(
            [
                NULL if value is None else write(value)
                for write, value in zip(writers, row, strict=True)
            ]
        )


def in_chunks(parts: Iterable[str]) -> Iterator[bytes]:
    """Join lines, and yield the text in chunks of bytes."""
    waiting: list[str] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= CHUNK_CHARACTERS:
            yield _joined(waiting)
            waiting.clear()
            size = 0
    if waiting:
        yield _joined(waiting)


def _joined(parts: list[str]) -> bytes:
    return ("\n".join(parts) + "\n").encode()
