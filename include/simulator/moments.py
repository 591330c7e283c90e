"""Moments of simulated days. Moments are in UTC. A day is a day in Europe/London."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from oic_assurance.clock import LONDON, start_of_day

DAY = timedelta(days=1)
MONDAY = 0
SATURDAY = 5

# All moments are whole seconds, as in the systems of a force.
midnight = lru_cache(maxsize=None)(start_of_day)


def at(day: date, hour: float) -> datetime:
    """Return the moment at which a number of hours of a day have passed, to the second.

    The hours are counted from midnight in elapsed time: an hour that the clock repeats counts
    twice.
    """
    return midnight(day) + timedelta(seconds=int(hour * 3600))


def after(moment: datetime, *, hours: float) -> datetime:
    """Return the moment that is `hours` after another moment, to the second."""
    return moment + timedelta(seconds=int(hours * 3600))


def end_of(day: date) -> datetime:
    """Return the end of a day: the first moment of the next day."""
    return midnight(day + DAY)


def london(moment: datetime) -> datetime:
    """Return a moment in London time."""
    return moment.astimezone(LONDON)


def days(first: date, last: date) -> Iterator[date]:
    """Yield every day from the first to the last, both included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def is_weekday(day: date) -> bool:
    """Return whether a day is a weekday."""
    return day.weekday() < SATURDAY


def next_weekday(day: date) -> date:
    """Return the day itself, or the next Monday if the day is on a weekend."""
    return day if is_weekday(day) else monday_of(day) + 7 * DAY


def clock_goes_back(day: date) -> bool:
    """Return whether the clock repeats an hour on this day."""
    return end_of(day) - midnight(day) > DAY


def clock_goes_forward(day: date) -> bool:
    """Return whether the clock skips an hour on this day."""
    return end_of(day) - midnight(day) < DAY
