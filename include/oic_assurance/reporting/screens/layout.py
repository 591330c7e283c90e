"""Figures and tables as plain text, as wide as a terminal."""

import shutil
import textwrap
from collections.abc import Sequence
from datetime import date, datetime

from oic_assurance.clock import LONDON

NOTHING = "–"


def width() -> int:
    """Return how many characters a line may have."""
    return max(72, min(shutil.get_terminal_size((100, 24)).columns, 120))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 2) -> list[str]:
    """Return rows under their heads, each column as wide as it needs."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return [
        " " * indent
        + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]


def wrapped(text: str, indent: int) -> list[str]:
    """Return a text in lines, each indented."""
    pad = " " * indent
    return textwrap.wrap(" ".join(text.split()), width(), initial_indent=pad, subsequent_indent=pad)


def share(value: float | None) -> str:
    """Return a fraction as a percentage."""
    return NOTHING if value is None else f"{value * 100:.1f}%"


def interval(low: float | None, high: float | None) -> str:
    """Return a confidence interval of fractions."""
    return NOTHING if low is None or high is None else f"{low * 100:.1f}–{high * 100:.1f}%"


def moment(value: datetime | None) -> str:
    """Return a moment as a clock in London shows it."""
    return NOTHING if value is None else f"{value.astimezone(LONDON):%a %d %b %Y %H:%M}"


def day(value: date | None) -> str:
    """Return a day."""
    return NOTHING if value is None else f"{value:%d %b %Y}"


def count(number: int, what: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"
