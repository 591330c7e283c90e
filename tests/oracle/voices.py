"""The three voices on each day: what was said by then, and when they did not say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from .clock import day_end, day_of
from .known import Known, full_as_at
from .model import Row

#: Default policy: the words of the log that mean that a point is assured.
ASSURED_WORDS = {
    *("complete", "completed", "met", "met_on_time", "met_late", "achieved", "implemented"),
    *("discharged", "closed", "sustained", "assured", "green"),
}
ASSURED_STATUSES = {"met_on_time", "met_late", "sustained"}
PARTIES = ("FORCE", "COMMISSIONER")


@dataclass
class Disagreement:
    """One row of `assurance_disagreement`; `until` is none while it lasts."""

    disagreed_until: date | None
    days: int
    force_self_assessment: str | None
    commissioner_judgement: str | None
    data_status: str


@dataclass
class Word:
    """One row of `assurance_voice`."""

    status: str
    is_assured: bool


def voices(known: Known, as_at: datetime) -> dict[tuple[str, str], Row]:
    """Give the latest event of each point and party at `as_at`."""
    delivery = full_as_at(known, "governance/recommendations", as_at)
    return _latest(delivery.sheets[""] if delivery else [], as_at)


def _latest(events: list[Row], moment: datetime) -> dict[tuple[str, str], Row]:
    latest: dict[tuple[str, str], Row] = {}
    for row in events:
        key = (row["point_code"], row["party"])
        if row["event_at"] <= moment and (
            key not in latest or row["event_at"] >= latest[key]["event_at"]
        ):
            latest[key] = row
    return latest


def disagreements(
    known: Known, as_at: datetime, statuses: Mapping[tuple[str, date], str]
) -> dict[tuple[str, date], Disagreement]:
    """Give every stretch of days over which not all who spoke said the same.

    `statuses` are those of the data by point and day, in the order of days; `unknown` is no vote.
    """
    found: dict[tuple[str, date], Disagreement] = {}
    going_on: dict[str, date] = {}
    for (point, day), status in statuses.items():
        said = {party: word(known, as_at, point, party, day) for party in PARTIES}
        votes = {text.lower() in ASSURED_WORDS for text in said.values() if text}
        if status != "unknown":
            votes.add(status in ASSURED_STATUSES)
        if len(votes) < 2:
            started = going_on.pop(point, None)
        elif point in going_on:
            started = going_on[point]
        else:
            started = going_on[point] = day
            first = (said["FORCE"], said["COMMISSIONER"], status)
            found[point, day] = Disagreement(None, 0, *first)
        if started is not None and len(votes) == 2:
            found[point, started].days += 1
        elif started is not None:
            found[point, started].disagreed_until = date.fromordinal(day.toordinal() - 1)
    return found


def word(known: Known, as_at: datetime, point: str, party: str, day: date) -> str | None:
    """Give what a party had said by the end of a day, in its own word."""
    delivery = full_as_at(known, "governance/recommendations", as_at)
    events = [
        row
        for row in (delivery.sheets[""] if delivery else [])
        if row["event_at"] < day_end(day) and (row["point_code"], row["party"]) == (point, party)
    ]
    event = _latest(events, as_at).get((point, party))
    return str(event["status"]) if event else None


def words(
    known: Known, as_at: datetime, statuses: Mapping[tuple[str, date], str]
) -> dict[tuple[str, str, date], Word]:
    """Give each day on which a voice changed, of the parties and of the data."""
    found: dict[tuple[str, str, date], Word] = {}
    last: dict[tuple[str, str], str | None] = {}
    for (point, day), status in statuses.items():
        if last.get((point, "DATA")) != status:
            found[point, "DATA", day] = Word(status, status in ASSURED_STATUSES)
            last[point, "DATA"] = status
    for day in sorted(_days_of_events(known, as_at)):
        for point in {key[0] for key in statuses}:
            for party in PARTIES:
                said = word(known, as_at, point, party, day)
                if said is not None and last.get((point, party)) != said:
                    found[point, party, day] = Word(said, said.lower() in ASSURED_WORDS)
                    last[point, party] = said
    return found


def _days_of_events(known: Known, as_at: datetime) -> set[date]:
    delivery = full_as_at(known, "governance/recommendations", as_at)
    events = delivery.sheets[""] if delivery else []
    return {day_of(row["event_at"]) for row in events if row["event_at"] <= as_at}
