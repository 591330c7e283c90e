"""The days of the simulated year that are published, and the events on some of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Event = Literal[
    "records are corrected", "rejected rows are replayed", "intelligence is down",
    "an earlier moment is run", "rolled back", "released",
]  # fmt: skip

FIRST, LAST = date(2025, 9, 1), date(2026, 8, 31)
#: In London, the clocks go back on 26 October 2025 and forward on 29 March 2026.
CLOCK_CHANGES = (date(2025, 10, 26), date(2026, 3, 29))
#: Two of these days are deadlines of assurance points.
MONTH_ENDS = (date(2025, 12, 31), date(2026, 2, 28), date(2026, 4, 30), date(2026, 6, 30))
EVENTS: dict[date, Event] = {
    date(2025, 10, 25): "records are corrected",
    date(2025, 10, 27): "intelligence is down",
    date(2025, 12, 30): "rejected rows are replayed",
    date(2026, 1, 2): "rolled back",
    date(2026, 1, 5): "released",
    date(2026, 3, 2): "an earlier moment is run",
    date(2026, 3, 30): "records are corrected",
    date(2026, 4, 29): "rejected rows are replayed",
    date(2026, 5, 2): "records are corrected",
    date(2026, 6, 30): "rolled back",
    date(2026, 7, 2): "released",
}
#: The days of the short version, with their events. They include the autumn clock change and an
#: event of each kind.
SHORT: dict[date, Event | None] = {
    date(2025, 10, 24): None,
    date(2025, 10, 25): "records are corrected",
    date(2025, 10, 26): "intelligence is down",
    date(2025, 10, 27): "rejected rows are replayed",
    date(2025, 10, 28): "rolled back",
    date(2025, 10, 29): "released",
    date(2025, 10, 30): "an earlier moment is run",
}


@dataclass(frozen=True)
class Day:
    """A day for which figures are published.

    `event` is what happens before or during the publication of the day, or None.
    """

    day: date
    event: Event | None = None


def whole_year() -> list[Day]:
    """Return every Monday of the year and the days around clock changes and four month ends.

    Some of these days have an event.
    """
    chosen = {day for day in _all() if day.weekday() == 0}
    for change in CLOCK_CHANGES:
        chosen |= {change + timedelta(days=n) for n in range(-3, 4)}
    for end in MONTH_ENDS:
        chosen |= {end + timedelta(days=n) for n in range(-2, 3)}
    return [Day(day, EVENTS.get(day)) for day in sorted(chosen)]


def short() -> list[Day]:
    """Return the days of the short version, which the test runs."""
    return [Day(day, event) for day, event in SHORT.items()]


def _all() -> Iterator[date]:
    for n in range((LAST - FIRST).days + 1):
        yield FIRST + timedelta(days=n)
