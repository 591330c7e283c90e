"""When a retention period ends, and when a record that was kept is reviewed again.

A period of years ends on the anniversary of its start. If a period starts on 29 February and ends
in a year without that day, it ends when 28 February is over, so that it is never too short.
"""

from datetime import date, datetime, time

from oic_assurance.sources.declarations.model import Retention


def ends_at(start: datetime, years: int) -> datetime:
    """Return the moment at which a period of years ends. `start` must have a time zone."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return datetime.combine(date(start.year + years, 3, 1), time(0), start.tzinfo)


def latest_start(end: datetime, years: int) -> datetime:
    """Return a start whose period of years has ended at `end`, and so have all periods before it.

    If `end` is on 29 February and the start's year has no such day, it is 28 February.
    """
    try:
        return end.replace(year=end.year - years)
    except ValueError:
        return end.replace(year=end.year - years, day=28)


def next_review(retention: Retention, decided_on: date) -> date:
    """Return the day by which a record that was kept on `decided_on` must be reviewed again."""
    start = datetime.combine(decided_on, time(0))
    return ends_at(start, retention.years_to_next_review).date()
