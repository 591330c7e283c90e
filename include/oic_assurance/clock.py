"""Moments: what the pipeline calls a time, and the day it falls on in London.

Moments are kept in UTC. Python subtracts two datetimes of one zone by their wall clocks, which is
an hour wrong across a clock change, so London is used only to read what people write and to name
days.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from oic_assurance.errors import UsageError

LONDON = ZoneInfo("Europe/London")
DAILY_RUN = time(5, 30)


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 moment, in Europe/London when it carries no offset, as a UTC datetime.

    Of an hour that happens twice the first is meant; a time that a clock change skips is read as if
    the clock had not changed yet; a date alone is the start of that day.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=LONDON)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"'{text}' is not a moment: write it like 2026-01-31T05:30 (Europe/London) "
            "or 2026-01-31T05:30+00:00."
        ) from error


def london_day(moment: datetime) -> date:
    """Return the day in Europe/London that a moment falls on."""
    return moment.astimezone(LONDON).date()


def start_of_day(day: date) -> datetime:
    """Return the moment at which a day starts in Europe/London."""
    return datetime.combine(day, time(0), tzinfo=LONDON).astimezone(UTC)


def default_as_at(now: datetime) -> datetime:
    """Return the last 05:30 Europe/London at or before `now`."""
    today = london_day(now)
    moment = datetime.combine(today, DAILY_RUN, tzinfo=LONDON).astimezone(UTC)
    if moment > now:
        yesterday = today - timedelta(days=1)
        moment = datetime.combine(yesterday, DAILY_RUN, tzinfo=LONDON).astimezone(UTC)
    return moment


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)
