"""Parse moments, and convert between moments and days in London.

A moment is a point in time. Every moment in the code is a datetime in UTC. London time is used only
to parse the times that people write, and to find the London date of a moment.

UTC avoids an error: Python subtracts two datetimes of the same zone by their wall-clock times. So
the difference between two London times is an hour wrong if the clocks change between them.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from oic_assurance.errors import UsageError

LONDON = ZoneInfo("Europe/London")
DAILY_RUN = time(5, 30)


def parse_moment(text: str) -> datetime:
    """Return the UTC datetime for an ISO 8601 string such as `2026-01-31T05:30`.

    - A string without a UTC offset is in Europe/London time.
    - In autumn, one hour occurs twice. A time in that hour is read as the earlier moment.
    - In spring, one hour is skipped. A time in that hour is read as if the clocks had not changed
      yet.
    - A date without a time means the start of that day.

    Raises:
        UsageError: The string is not in ISO 8601 format.
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
    """Return the date in London at a moment."""
    return moment.astimezone(LONDON).date()


def london_text(moment: datetime) -> str:
    """Return a moment as a clock in London shows it, such as `Sat 31 Jan 2026 05:30`.

    In the hour that occurs twice when summer time ends, the UTC offset follows.
    """
    local = moment.astimezone(LONDON)
    is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%a %d %b %Y %H:%M}" + (f" {local.isoformat()[-6:]}" if is_twice else "")


def start_of_day(day: date) -> datetime:
    """Return the UTC datetime of midnight in London at the start of a day."""
    return datetime.combine(day, time(0), tzinfo=LONDON).astimezone(UTC)


def default_as_at(now: datetime) -> datetime:
    """Return the most recent 05:30 in London, at or before `now`, as a UTC datetime."""
    today = london_day(now)
    moment = datetime.combine(today, DAILY_RUN, tzinfo=LONDON).astimezone(UTC)
    if moment > now:
        yesterday = today - timedelta(days=1)
        moment = datetime.combine(yesterday, DAILY_RUN, tzinfo=LONDON).astimezone(UTC)
    return moment


def check_not_in_future(moment: datetime, now: datetime | None = None) -> None:
    """Refuse a moment that is later than now, because figures for the future cannot be computed.

    `now` is what another clock shows. The default is this machine's clock.

    Raises:
        UsageError: The moment is later than now.
    """
    now = now or utc_now()
    if moment > now:
        raise UsageError(
            f"{moment.astimezone(LONDON):%Y-%m-%d %H:%M} is later than now "
            f"({now.astimezone(LONDON):%Y-%m-%d %H:%M}): a run cannot compute figures for the "
            "future."
        )


def utc_now() -> datetime:
    """Return the current moment in UTC."""
    return datetime.now(UTC)
