"""Figures, tables and paragraphs as plain text, at the width of the terminal."""

import shutil
import textwrap
from collections.abc import Sequence
from datetime import date, datetime

from oic_assurance.clock import LONDON

#: Stands for a missing value.
NOTHING = "–"

# Without a terminal, a paragraph has this width and a table is as wide as it needs.
PLAIN_WIDTH = 100
UNLIMITED = 1_000_000
NARROWEST, WIDEST = 40, 120
# A column of text needs at least this width.
TEXT_ROOM = 25


def width() -> int:
    """Return how many characters a line of text may have."""
    columns = shutil.get_terminal_size((PLAIN_WIDTH, 0)).columns
    return max(NARROWEST, min(columns, WIDEST))


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    indent: int = 2,
    notes: Sequence[str] | None = None,
) -> list[str]:
    """Return rows under their heads. The note of a row is below it.

    If the table is wider than the terminal, the last column is wrapped. If that is not enough, the
    last columns are below their row, one on a line.
    """
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    room = max(NARROWEST, shutil.get_terminal_size((UNLIMITED, 0)).columns)
    fit = len(head)
    while fit > 1 and indent + sum(widths[:fit]) + 2 * (fit - 1) > room:
        fit -= 1
    start = indent + sum(widths[:-1]) + 2 * (len(head) - 1)
    words = [word for row in rows for word in row[-1].split()]
    hangs = fit == len(head) - 1 and room - start >= max([TEXT_ROOM, *map(len, words)])
    lines = []
    for row, note in zip([head, *rows], ["", *(notes or [""] * len(rows))], strict=True):
        cells = zip(row[:fit], widths[:fit], strict=True)
        first = " " * indent + "".join(cell.ljust(wide + 2) for cell, wide in cells)
        if hangs:
            lines += wrapped(row[-1], start, first, limit=room)
        else:
            lines.append(first.rstrip())
            if row is not head:
                for name, cell in zip(head[fit:], row[fit:], strict=True):
                    lines += wrapped(f"{name} {cell}", indent + 4)
        lines += wrapped(note, indent + 4)
    return lines


def wrapped(text: str, indent: int = 0, first: str = "", limit: int | None = None) -> list[str]:
    """Return a text in indented lines, the first of them after `first`.

    No word is broken. A word that is too long for an indented line, such as a path, gets a line
    without indent.
    """
    limit = limit or width()
    if limit - indent < TEXT_ROOM:
        return [*filter(None, [first.rstrip()]), *wrapped(text, 4, limit=limit)]
    pad = " " * indent
    lines = textwrap.wrap(
        " ".join(text.split()), limit, initial_indent=first or pad, subsequent_indent=pad,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    if first.strip() and lines and len(lines[0]) > limit:
        lines[:1] = [first.rstrip(), lines[0].removeprefix(first)]
    return [line if len(line) <= limit else line.lstrip() for line in lines]


def shortened(text: str, room: int) -> str:
    """Return a text that fits into `room` characters, with an ellipsis if it is cut."""
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def share(value: float | None) -> str:
    """Return a fraction as a percentage."""
    return NOTHING if value is None else f"{value * 100:.1f}%"


def interval(low: float | None, high: float | None) -> str:
    """Return a confidence interval of fractions."""
    return NOTHING if low is None or high is None else f"{low * 100:.1f}–{high * 100:.1f}%"


def moment(value: datetime | None) -> str:
    """Return a moment as a clock in London shows it."""
    return NOTHING if value is None else f"{value.astimezone(LONDON):%a %d %b %Y %H:%M}"


def short_moment(value: datetime | None) -> str:
    """Return a moment without the day of the week, for a column of a table."""
    return moment(value).partition(" ")[2] or NOTHING


def day(value: date | None) -> str:
    """Return a day."""
    return NOTHING if value is None else f"{value:%d %b %Y}"


def count(number: int, what: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"
