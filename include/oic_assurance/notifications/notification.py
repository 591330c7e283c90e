"""Compare the problems that exist now with the last notifications that were sent."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal[
    "publication",
    "approval",
    "overdue",
    "source",
    "delivery",
    "recall",
    "evidence",
    "reopened",
    "restore",
    "upkeep",
    "retention",
    "national",
    "clock",
    "policy",
]
Event = Literal["new", "changed", "over"]

TITLES: dict[Kind, str] = {
    "publication": "No publication was made",
    "approval": "A publication waits for approval",
    "overdue": "The run has not finished by its deadline",
    "source": "A source is not fresh",
    "delivery": "A delivery was refused",
    "recall": "Records were recalled, because their marking rose",
    "evidence": "The evidence of a sign-off cannot be checked",
    "reopened": "A sign-off was reopened",
    "restore": "It is not proven that a back-up can be restored",
    "upkeep": "A part of the upkeep is not done",
    "retention": "Records are past their retention",
    "national": "The national view was not told",
    "clock": "The clocks disagree",
    "policy": "A policy cannot be used, or ends soon",
}


@dataclass(frozen=True)
class Problem:
    """Something that is wrong now, described for the person who has to act on it."""

    kind: Kind
    #: What the problem is about: `daily run`, `this machine`, `back-up`, `national view`, a part of
    #: the upkeep, a dataset, a connection, `the dropzone`, a seed, `seeds` or the code of a
    #: recommendation.
    subject: str
    what: str
    since: datetime
    #: The publication that readers see while the problem exists.
    readers_see: str
    #: Who must fix the problem.
    who: str
    #: The command with which that person should start.
    command: str

    @property
    def cause(self) -> str:
        """The description `what` with `#` in place of each number.

        If only a number in the description has changed, nobody is notified again.
        """
        return re.sub(r"\d+", "#", self.what)


@dataclass(frozen=True)
class SentNotification:
    """The last notification sent to a channel about one kind of problem and one subject."""

    kind: Kind
    subject: str
    event: Event
    what: str
    cause: str
    since: datetime


@dataclass(frozen=True)
class Change:
    """A change to report: a problem is new, its cause has changed, or it is over."""

    event: Event
    kind: Kind
    subject: str
    what: str
    cause: str
    since: datetime
    #: None when the problem is over.
    problem: Problem | None = None


def changes(problems: list[Problem], sent: list[SentNotification]) -> list[Change]:
    """Return the changes since the last notifications.

    New and changed problems come first, then problems that are over. While nothing changes the
    result is empty, so nobody is notified twice about the same problem.
    """
    open_before = {(item.kind, item.subject): item for item in sent if item.event != "over"}
    news = []
    for problem in problems:
        last = open_before.pop((problem.kind, problem.subject), None)
        if last is None or last.cause != problem.cause:
            news.append(
                Change(
                    "new" if last is None else "changed",
                    problem.kind,
                    problem.subject,
                    problem.what,
                    problem.cause,
                    problem.since,
                    problem,
                )
            )
    news += [
        Change("over", last.kind, last.subject, last.what, last.cause, last.since)
        for last in open_before.values()
    ]
    return news
