"""Compare the problems that exist now with the last notifications that were sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from oic_assurance.state.apply import problem_kinds
from oic_assurance.state.read import Problem

Event = Literal["new", "changed", "over"]


@dataclass(frozen=True)
class SentNotification:
    """The last notification sent to a channel about one kind of problem and one subject."""

    kind: str
    subject: str
    event: Event
    what: str
    cause: str
    since: datetime


@dataclass(frozen=True)
class Change:
    """A change to report: a problem is new, its cause has changed, or it is over."""

    event: Event
    kind: str
    subject: str
    what: str
    cause: str
    since: datetime
    #: None when the problem is over.
    problem: Problem | None = None

    @property
    def title(self) -> str:
        """What the problem is called, and if its kind says so, what it is about."""
        words = problem_kinds().get(self.kind, {"title": self.kind})
        about = f": {self.subject}" if words.get("names_subject") else ""
        over = "Over: " if self.event == "over" else ""
        return f"{over}{words['title']}{about}"


def changes(problems: list[Problem], sent: list[SentNotification]) -> list[Change]:
    """Return the changes since the last notifications.

    New and changed problems come first, then problems that are over. While nothing changes the
    result is empty, so nobody is notified twice about the same problem.
    """
    open_before = {(item.kind, item.subject): item for item in sent if item.event != "over"}
    news = []
    for one in problems:
        last = open_before.pop((one.problem_code, one.subject), None)
        if last is None or last.cause != one.cause:
            event: Event = "new" if last is None else "changed"
            about = (one.problem_code, one.subject, one.what, one.cause, one.since)
            news.append(Change(event, *about, one))
    news += [
        Change("over", last.kind, last.subject, last.what, last.cause, last.since)
        for last in open_before.values()
    ]
    return news
