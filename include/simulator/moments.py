"""Moments of simulated days. Everything is kept in UTC; a day is one of Europe/London."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from oic_assurance.clock import LONDON, start_of_day

DAY = timedelta(days=1)
MONDAY = 0
SATURDAY = 5

# Moments stand for nothing finer than a second, as in the systems that the force uses.
midnight = lru_cache(maxsize=None)(start_of_day)


def at(day: date, hour: float) -> datetime:
    """Return the moment so many hours into a day, to the second.

    Elapsed hours, not the clock's: so the hour that a clock change repeats is lived twice.
    """
    return midnight(day) + timedelta(seconds=int(hour * 3600))


def after(moment: datetime, *, hours: float) -> datetime:
    """Return the moment so many hours later, to the second."""
    return moment + timedelta(seconds=int(hours * 3600))


def end_of(day: date) -> datetime:
    """Return the moment at which a day is over: it belongs to the next day."""
    return midnight(day + DAY)


def london(moment: datetime) -> datetime:
    """Return what the clock on the wall shows."""
    return moment.astimezone(LONDON)


def days(first: date, last: date) -> Iterator[date]:
    """Yield every day from the first to the last, both included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def is_weekday(day: date) -> bool:
    """Return whether offices are open."""
    return day.weekday() < SATURDAY


def next_weekday(day: date) -> date:
    """Return the day itself, or the Monday after a weekend."""
    return day if is_weekday(day) else monday_of(day) + 7 * DAY


def clock_goes_back(day: date) -> bool:
    """Return whether this is the day that has one hour twice."""
    return end_of(day) - midnight(day) > DAY


def clock_goes_forward(day: date) -> bool:
    """Return whether this is the day that lacks an hour."""
    return end_of(day) - midnight(day) < DAY
