"""One member of the force, with postings and absences."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Posting:
    """A post in a team from a day on, and the day on which HR keyed it into its system."""

    since: date
    employment_type: str
    rank: str
    role: str
    unit: str
    collar: str
    keyed_on: date


@dataclass(frozen=True, slots=True)
class Absence:
    """A long-term absence from day `since` on. The first day back at work is `until`."""

    kind: str
    since: date
    until: date
    keyed_on: date
    return_keyed_on: date


@dataclass(slots=True, eq=False)
class Person:
    """One member of the force."""

    employee_no: str
    joined: date
    diligence: float  # 0 to 1: how reliably documents are written
    keenness: float  # 0 to 1: how soon training is done
    postings: list[Posting]
    absences: list[Absence] = field(default_factory=list)
    left: date | None = None  # the last day in post
    left_keyed_on: date | None = None

    def posting_on(self, day: date) -> Posting:
        """Return the posting on a day. Before the first day, return the first posting."""
        for posting in reversed(self.postings):
            if posting.since <= day:
                return posting
        return self.postings[0]

    def is_in_post(self, day: date) -> bool:
        """Return whether the person is in post (a member of the force) on a day."""
        return self.joined <= day and (self.left is None or day <= self.left)

    def absence_on(self, day: date) -> Absence | None:
        """Return the long-term absence that covers a day, or None."""
        for absence in self.absences:
            if absence.since <= day < absence.until:
                return absence
        return None

    def is_working(self, day: date) -> bool:
        """Return whether the person is in post on a day and not on a long-term absence."""
        return self.is_in_post(day) and self.absence_on(day) is None
