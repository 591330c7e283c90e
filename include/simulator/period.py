"""The range of days that one call simulates."""

from dataclasses import dataclass
from datetime import date, datetime

from simulator.moments import DAY, days, end_of, midnight, monday_of

DAILY_PERSONNEL = 60 * DAY


@dataclass(frozen=True)
class Period:
    """The days from `start` to `end`, both included.

    `first` is the force's first visible day: the first day that its sources show.
    """

    first: date
    start: date
    end: date
    daily_since: date  # personnel files are daily from this day on, and weekly before

    @property
    def first_moment(self) -> datetime:
        """The first moment of the force's first visible day."""
        return midnight(self.first)

    @property
    def starts_at(self) -> datetime:
        """The first moment of the period."""
        return midnight(self.start)

    @property
    def ends_at(self) -> datetime:
        """The first moment after the period."""
        return end_of(self.end)

    @property
    def is_first(self) -> bool:
        """Whether the period is the force's first.

        In the first period, files for some earlier days are put into the dropzone too.
        """
        return self.start == self.first

    def contains(self, moment: datetime) -> bool:
        """Return whether a file that is dropped at this moment belongs to the period."""
        return (self.is_first or self.starts_at <= moment) and moment < self.ends_at

    def due_days(self) -> list[date]:
        """Return the days whose files can be dropped in the period.

        A file can arrive some days late, so some days before the period are included. In the
        force's first period, the first of them is a Monday, because some files are weekly.
        """
        first_monday = monday_of(self.first)
        first = first_monday if self.is_first else max(first_monday, self.start - 14 * DAY)
        return list(days(first, self.end))


def daily_personnel_since(end: date) -> date:
    """Return the Monday from which personnel files are daily, if the first range ends on `end`.

    Personnel files before that Monday are weekly.
    """
    return monday_of(end - DAILY_PERSONNEL)
