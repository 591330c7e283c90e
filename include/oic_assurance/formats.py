"""Figures, moments, counts and paragraphs as people read them: on screens, in packs and pages."""

import shutil
import textwrap
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from oic_assurance.clock import london_text

#: The text that is shown for a missing value.
NOTHING = "–"

# Without a terminal, a paragraph is at most `PLAIN_WIDTH` wide, and the width of a table is not
# limited.
PLAIN_WIDTH = 100
UNLIMITED = 1_000_000
NARROWEST, WIDEST = 40, 120
# The smallest width for wrapped text in a column.
TEXT_ROOM = 25


def shortened(text: str, room: int) -> str:
    """Return a text shortened to `room` characters, with an ellipsis if it was cut."""
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def share(value: float | None) -> str:
    """Return a fraction as a percentage, such as "93.5%".

    A half is rounded up from 15 digits, as PostgreSQL does it, so that a figure reads the same on
    every page (macro `as_percent`).
    """
    if value is None:
        return NOTHING
    return f"{Decimal(f'{value * 100:.15g}').quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


def in_unit(value: float | None, unit: str) -> str:
    """Return the value of a measure in its unit, such as "93.5%", "16.3 hours" or "41"."""
    if value is None or unit == "share":
        return share(value)
    return f"{value:.1f} hours" if unit == "hours" else f"{value:,.0f}"


def difference(change: float, unit: str) -> str:
    """Return by how much a measure changed, in its unit: "+1.2 points", "-0.5 h" or "+3".

    The difference of two percentages is in percentage points.
    """
    if unit == "share":
        return f"{change * 100:+.1f} points"
    return f"{change:+.1f} h" if unit == "hours" else f"{change:+,.0f}"


def interval(low: float | None, high: float | None) -> str:
    """Return an interval between two fractions as percentages, such as "91.2–95.0%"."""
    return NOTHING if low is None or high is None else f"{low * 100:.1f}–{high * 100:.1f}%"


def moment(value: datetime | None) -> str:
    """Return a moment in London time, such as "Thu 09 Jul 2026 05:30"."""
    return NOTHING if value is None else london_text(value)


def short_moment(value: datetime | None) -> str:
    """Return a moment in London time without the day of the week, for a table column."""
    return moment(value).partition(" ")[2] or NOTHING


def day(value: date | None) -> str:
    """Return a date, such as "09 Jul 2026"."""
    return NOTHING if value is None else f"{value:%d %b %Y}"


def long_day(value: date | datetime | None) -> str:
    """Return a date as it is written in a sentence: "9 July 2026"."""
    return NOTHING if value is None else f"{value.day} {value:%B %Y}"


def short_day(value: date | None) -> str:
    """Return a date as it is written in a table: "9 Jul 2026"."""
    return NOTHING if value is None else f"{value.day} {value:%b %Y}"


def month(value: date) -> str:
    """Return the month of a date, such as "Jul 2026"."""
    return f"{value:%b %Y}"


def as_day(value: date | str) -> date:
    """Return a date. `value` is a date or an ISO 8601 string such as "2026-07-09".

    Raises:
        ValueError: If the string is not a date.
    """
    return value if isinstance(value, date) else date.fromisoformat(value)


def size(number: int | None) -> str:
    """Return a number of bytes, such as "1.3 MB" or "2.1 GB"."""
    if number is None:
        return NOTHING
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{number / 1e6:,.1f} MB"


def count(number: int, what: str, many: str | None = None) -> str:
    """Return a number with its noun, such as "1 row" or "2 rows".

    `many` is the plural of the noun, if it is not formed with an s.
    """
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def joined(parts: Sequence[str]) -> str:
    """Return parts as a list in a sentence: "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def width() -> int:
    """Return the highest number of characters in a line of a paragraph."""
    columns = shutil.get_terminal_size((PLAIN_WIDTH, 0)).columns
    return max(NARROWEST, min(columns, WIDEST))


def wrapped(text: str, indent: int = 0, first: str = "", limit: int | None = None) -> list[str]:
    """Return a text as lines that are indented by `indent` spaces.

    The first line begins with `first` instead of the spaces. No word is broken. A word that is too
    long for an indented line, such as a path, gets a line without indent. `limit` is the width of a
    line, including the indent. The default is `width()`.
    """
    limit = limit or width()
    if limit - indent < TEXT_ROOM:
        return [*filter(None, [first.rstrip()]), *wrapped(text, 4, limit=limit)]
    pad = " " * indent
    lines = textwrap.wrap(
        " ".join(text.split()),
        limit,
        initial_indent=first or pad,
        subsequent_indent=pad,
        break_long_words=False,
        break_on_hyphens=False,
    )
    if first.strip() and lines and len(lines[0]) > limit:
        lines[:1] = [first.rstrip(), lines[0].removeprefix(first)]
    return [line if len(line) <= limit else line.lstrip() for line in lines]
