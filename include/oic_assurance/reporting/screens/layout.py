"""The tables of screens that do not return a `Result` yet."""

import shutil
from collections.abc import Sequence

from oic_assurance.builds.declared import unit_of as unit_of
from oic_assurance.formats import NARROWEST, TEXT_ROOM, UNLIMITED
from oic_assurance.formats import (
    NOTHING as NOTHING,
)
from oic_assurance.formats import count as count
from oic_assurance.formats import day as day
from oic_assurance.formats import difference as difference
from oic_assurance.formats import in_unit as in_unit
from oic_assurance.formats import interval as interval
from oic_assurance.formats import moment as moment
from oic_assurance.formats import share as share
from oic_assurance.formats import short_moment as short_moment
from oic_assurance.formats import shortened as shortened
from oic_assurance.formats import width as width
from oic_assurance.formats import wrapped as wrapped


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
