"""What somebody is told: an alarm that holds now, and how it differs from what was told before."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["publication", "approval", "overdue", "source", "delivery"]
Event = Literal["new", "changed", "over"]

TITLES: dict[Kind, str] = {
    "publication": "No publication was made",
    "approval": "A publication waits for approval",
    "overdue": "The run has not finished by its deadline",
    "source": "A source is not fresh",
    "delivery": "A delivery was refused",
}


@dataclass(frozen=True)
class Alarm:
    """Something that is wrong now, in the words of whoever has to act on it."""

    kind: Kind
    #: The run, or the dataset.
    subject: str
    what: str
    since: datetime
    readers_see: str
    who: str
    #: The command to start with.
    command: str

    @property
    def cause(self) -> str:
        """What went wrong without its numbers: a count that grows from day to day is no news."""
        return re.sub(r"\d+", "#", self.what)


@dataclass(frozen=True)
class Told:
    """The last that a channel was told of an alarm."""

    kind: Kind
    subject: str
    event: Event
    what: str
    cause: str
    since: datetime


@dataclass(frozen=True)
class Change:
    """News: an alarm that is new or has another cause, or one that is over."""

    event: Event
    kind: Kind
    subject: str
    what: str
    cause: str
    since: datetime
    #: None when it is over.
    alarm: Alarm | None = None


def changes(alarms: list[Alarm], told: list[Told]) -> list[Change]:
    """Return what is news to somebody who was told this much: nothing while nothing changes."""
    before = {(item.kind, item.subject): item for item in told if item.event != "over"}
    news = []
    for alarm in alarms:
        last = before.pop((alarm.kind, alarm.subject), None)
        if last is None or last.cause != alarm.cause:
            event: Event = "new" if last is None else "changed"
            news.append(
                Change(
                    event, alarm.kind, alarm.subject, alarm.what, alarm.cause, alarm.since, alarm
                )
            )
    news += [
        Change("over", last.kind, last.subject, last.what, last.cause, last.since)
        for last in before.values()
    ]
    return news
