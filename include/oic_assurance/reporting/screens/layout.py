"""Format figures, tables and paragraphs as plain text that fits the terminal."""

import shutil
import textwrap
from collections.abc import Sequence
from datetime import date, datetime

from oic_assurance.builds.declared import read_declared
from oic_assurance.clock import london_text
from oic_assurance.settings import PROJECT_ROOT

#: The text that is shown for a missing value.
NOTHING = "–"

# Without a terminal, a paragraph is at most `PLAIN_WIDTH` wide, and the width of a table is not
# limited.
PLAIN_WIDTH = 100
UNLIMITED = 1_000_000
NARROWEST, WIDEST = 40, 120
# The smallest width for wrapped text in a column.
TEXT_ROOM = 25


def width() -> int:
    """Return the highest number of characters in a line of a paragraph."""
    columns = shutil.get_terminal_size((PLAIN_WIDTH, 0)).columns
    return max(NARROWEST, min(columns, WIDEST))


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    indent: int = 2,
    notes: Sequence[str] | None = None,
) -> list[str]:
    """Return the lines of a table: the column headings, followed by the rows.

    `notes` holds one text for each row, which is written below the row. If the table is wider than
    the terminal, the last column is wrapped. If that is not enough, columns that do not fit are
    written below the row, each on its own line.
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


def shortened(text: str, room: int) -> str:
    """Return a text shortened to `room` characters, with an ellipsis if it was cut."""
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def share(value: float | None) -> str:
    """Return a fraction as a percentage, such as "93.5%"."""
    return NOTHING if value is None else f"{value * 100:.1f}%"


def in_unit(value: float | None, unit: str) -> str:
    """Return the value of a measure in its unit, such as "93.5%", "16.3 hours" or "41"."""
    if value is None or unit == "share":
        return share(value)
    return f"{value:.1f} hours" if unit == "hours" else f"{value:,.0f}"


def difference(change: float, unit: str) -> str:
    """Return by how much a measure changed, in its unit: "+1.2%", "-0.5 h" or "+3"."""
    if unit == "share":
        return f"{change * 100:+.1f}%"
    return f"{change:+.1f} h" if unit == "hours" else f"{change:+,.0f}"


def unit_of(measure_code: str) -> str:
    """Return the unit of a measure. One that is declared no longer counts as a share."""
    measure = read_declared(PROJECT_ROOT).measures.get(measure_code)
    return measure["unit"] if measure else "share"


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


def count(number: int, what: str, many: str | None = None) -> str:
    """Return a number with its noun, such as "1 row" or "2 rows".

    `many` is the plural of the noun, if it is not formed with an s.
    """
    return f"{number:,} {what if number == 1 else many or what + 's'}"
