"""Days, months and moments in Europe/London."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def midnight(day: date) -> datetime:
    """Return the moment at which a London day starts."""
    return datetime.combine(day, time(0), LONDON).astimezone(UTC)


def day_end(day: date) -> datetime:
    """Return the end of a London day: the first moment of the next day.

    Contract: "The day ends at its midnight".
    """
    return midnight(day + timedelta(days=1))


def wall(text: str) -> datetime:
    """Parse an ISO 8601 text and return the moment in UTC.

    A string without an offset is in London time. Contract: "Europe/London without an offset".
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=LONDON)
    return moment.astimezone(UTC)


def from_wall(moment: datetime) -> datetime:
    """Convert a London time without an offset, as files have it, to UTC."""
    return moment.replace(tzinfo=LONDON).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """Return the London day of a moment. Contract: "Days and months are Europe/London"."""
    return moment.astimezone(LONDON).date()


def month_of(day: date) -> date:
    """Return the first day of the day's month (`period_start`)."""
    return day.replace(day=1)


def next_month(first: date) -> date:
    """Return the first day of the month after the one that starts on `first`."""
    return (first + timedelta(days=32)).replace(day=1)


def months_back(first: date, count: int) -> date:
    """Return the first day of the month that is `count` months before the one of `first`."""
    for _ in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def month_end(first: date) -> date:
    """Return the last day of a month."""
    return next_month(first) - timedelta(days=1)


def months(first: date, last: date) -> Iterator[date]:
    """Yield the first day of every month, from the month of `first` to the month of `last`."""
    month = month_of(first)
    while month <= last:
        yield month
        month = next_month(month)


def days(first: date, last: date) -> Iterator[date]:
    """Yield every day from `first` to `last`."""
    while first <= last:
        yield first
        first += timedelta(days=1)
