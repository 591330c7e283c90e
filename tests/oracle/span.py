"""The period that a world covers, the moments of the runs, and the styles of the files."""

from __future__ import annotations

import random
from datetime import date, timedelta

from .clock import days
from .model import Style

START = date(2024, 12, 2)
END = date(2026, 6, 20)  # the last day of step 0
AS_ATS = (
    "2026-06-20T05:30",
    "2026-05-01T00:00",
    "2026-03-29T03:30",
    "2025-12-20T12:00",
    "2026-01-02T05:30",
    "2026-06-21T05:30",
)
LATER = ("2026-06-21T05:30", "2026-06-20T05:30", "2026-04-01T00:30:00+01:00", "now")


def hr_days() -> list[date]:
    """Return the days with a personnel file: every Monday, and every day of four short periods."""
    spells = (
        (END - timedelta(days=24), END),
        (date(2025, 12, 27), date(2026, 1, 3)),
        (date(2025, 12, 19), date(2025, 12, 19)),
        (date(2026, 4, 27), date(2026, 5, 1)),
    )
    chosen = []
    for day in days(START, END):
        if day.weekday() == 0 or any(first <= day <= last for first, last in spells):
            chosen.append(day)
    return chosen


def random_style(rng: random.Random) -> Style:
    """Draw a style for a file, one of those that the source contract allows."""
    date_format = rng.choice(("%Y-%m-%d", "%d/%m/%Y"))
    moment_format = {"%d/%m/%Y": "%d/%m/%Y %H:%M:%S"}.get(
        date_format, rng.choice(("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"))
    )
    return Style(
        encoding=rng.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252")),
        delimiter=rng.choice((",", ",", ";", "\t")),
        newline=rng.choice(("\n", "\r\n")),
        header=rng.choice(("plain", "plain", "title", "upper")),
        date_format=date_format,
        moment_format=moment_format,
        lost_zeros=rng.random() < 0.3,
        shuffled=rng.random() < 0.3,
    )
