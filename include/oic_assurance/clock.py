"""Read moments, and convert between moments and days in London.

All moments are UTC datetimes. Python subtracts two datetimes of the same zone by their wall clocks.
In London time the result is an hour wrong across a clock change. So London time is used only to
read moments that people write, and to find the day of a moment.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from oic_assurance.errors import UsageError

LONDON = ZoneInfo("Europe/London")
DAILY_RUN = time(5, 30)


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 moment as a UTC datetime. Without an offset it is Europe/London time.

    - A time that occurs twice in a clock change is the first of the two.
    - A time that a clock change skips is read as if the clock had not changed yet.
    - A date without a time is the start of that day.

    Raises:
        UsageError: The text is not a moment.
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
    """Return the Europe/London day of a moment."""
    return moment.astimezone(LONDON).date()


def start_of_day(day: date) -> datetime:
    """Return the UTC moment at which a day starts in Europe/London."""
    return datetime.combine(day, time(0), tzinfo=LONDON).astimezone(UTC)


def default_as_at(now: datetime) -> datetime:
    """Return the last 05:30 in Europe/London at or before `now`, as a UTC datetime."""
    today = london_day(now)
    moment = datetime.combine(today, DAILY_RUN, tzinfo=LONDON).astimezone(UTC)
    if moment > now:
        yesterday = today - timedelta(days=1)
        moment = datetime.combine(yesterday, DAILY_RUN, tzinfo=LONDON).astimezone(UTC)
    return moment


def utc_now() -> datetime:
    """Return the current moment in UTC."""
    return datetime.now(UTC)
