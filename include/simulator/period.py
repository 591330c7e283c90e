"""A window upon the world: which days of it are to be seen."""

from dataclasses import dataclass
from datetime import date, datetime

from simulator.moments import DAY, days, end_of, midnight, monday_of

DAILY_PERSONNEL = 60 * DAY


@dataclass(frozen=True)
class Period:
    """The days from `start` to `end`, of a force that is shown from `first` on."""

    first: date
    start: date
    end: date
    daily_since: date  # the personnel file is daily from here on, weekly before

    @property
    def first_moment(self) -> datetime:
        """The first moment that is shown at all."""
        return midnight(self.first)

    @property
    def starts_at(self) -> datetime:
        """The first moment."""
        return midnight(self.start)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return end_of(self.end)

    @property
    def opens(self) -> bool:
        """Whether this is the force's first period: then what already lies there is handed over."""
        return self.start == self.first

    def holds(self, moment: datetime) -> bool:
        """Return whether something of this moment is new in the period."""
        return (self.opens or self.starts_at <= moment) and moment < self.ends_at

    def due_days(self) -> list[date]:
        """Return the days whose files can be dropped in it, the opening week's Monday first.

        A file can come days late: so the days before are looked at as well.
        """
        opening = monday_of(self.first)
        first = opening if self.opens else max(opening, self.start - 14 * DAY)
        return list(days(first, self.end))


def daily_personnel_since(end: date) -> date:
    """Return the Monday from which the personnel file is daily, seen from the end of a range."""
    return monday_of(end - DAILY_PERSONNEL)
