"""The three views of each point on each day, and the days on which they disagreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from .clock import day_end, day_of
from .known import Known, full_as_at
from .model import Row
from .policy import assured_words

ASSURED_STATUSES = {"met_on_time", "met_late", "sustained"}
PARTIES = ("FORCE", "COMMISSIONER")


@dataclass
class Disagreement:
    """One row of `assurance_disagreement`: a period of days in which the views of a point differ.

    `disagreed_until` is the last of these days, or None while the disagreement lasts. The other
    attributes have the number of days, and the views on the first day.
    """

    disagreed_until: date | None
    days: int
    force_self_assessment: str | None
    commissioner_judgement: str | None
    data_status: str


@dataclass
class View:
    """One row of `assurance_voice`: the status of a point in the opinion of one party or the data.

    `is_assured` is true if this status means that the point is assured.
    """

    status: str
    is_assured: bool


@dataclass
class VoiceMonth:
    """One row of `assurance_voice_month`: how often a party said in a month that a point is met.

    `denominator` counts these statements, and `numerator` those that the data contradicted.
    `days_said_complete` counts the days on which the party's latest statement on a point was such a
    statement, and `days_contradicted` those on which the data contradicted it.
    """

    numerator: int = 0
    denominator: int = 0
    value: float | None = None
    days_contradicted: int = 0
    days_said_complete: int = 0


def views(known: Known, as_at: datetime) -> dict[tuple[str, str], Row]:
    """Return the latest event of each point and party in the log, as at `as_at`."""
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
    """Return every period in which the views of a point differ, keyed by point and first day.

    Views differ if one of them says that the point is assured and another says that it is not.
    `statuses` has the status according to the data for each point and day, in the order of days. On
    a day with the status `unknown`, the data has no view.
    """
    found: dict[tuple[str, date], Disagreement] = {}
    ongoing: dict[str, date] = {}
    for (point, day), status in statuses.items():
        by_party = {party: latest_status(known, as_at, point, party, day) for party in PARTIES}
        are_assured = {
            text.lower() in assured_words(day_of(as_at)) for text in by_party.values() if text
        }
        if status not in ("unknown", "no_cases"):
            are_assured.add(status in ASSURED_STATUSES)
        if len(are_assured) < 2:
            started = ongoing.pop(point, None)
        elif point in ongoing:
            started = ongoing[point]
        else:
            started = ongoing[point] = day
            first = (by_party["FORCE"], by_party["COMMISSIONER"], status)
            found[point, day] = Disagreement(None, 0, *first)
        if started is not None and len(are_assured) == 2:
            found[point, started].days += 1
        elif started is not None:
            found[point, started].disagreed_until = date.fromordinal(day.toordinal() - 1)
    return found


def latest_status(known: Known, as_at: datetime, point: str, party: str, day: date) -> str | None:
    """Return the latest status of a point that a party logged by the end of a day, or None."""
    delivery = full_as_at(known, "governance/recommendations", as_at)
    events = [
        row
        for row in (delivery.sheets[""] if delivery else [])
        if row["event_at"] < day_end(day) and (row["point_code"], row["party"]) == (point, party)
    ]
    event = _latest(events, as_at).get((point, party))
    return str(event["status"]) if event else None


def view_rows(
    known: Known, as_at: datetime, statuses: Mapping[tuple[str, date], str]
) -> dict[tuple[str, str, date], View]:
    """Return the rows of `assurance_voice`: each view on each day on which it changed."""
    found: dict[tuple[str, str, date], View] = {}
    last: dict[tuple[str, str], str | None] = {}
    for (point, day), of_data in statuses.items():
        if last.get((point, "DATA")) != of_data:
            found[point, "DATA", day] = View(of_data, of_data in ASSURED_STATUSES)
            last[point, "DATA"] = of_data
    for day in sorted(_days_of_events(known, as_at)):
        for point in {key[0] for key in statuses}:
            for party in PARTIES:
                status = latest_status(known, as_at, point, party, day)
                if status is not None and last.get((point, party)) != status:
                    found[point, party, day] = View(
                        status, status.lower() in assured_words(day_of(as_at))
                    )
                    last[point, party] = status
    return found


def _days_of_events(known: Known, as_at: datetime) -> set[date]:
    delivery = full_as_at(known, "governance/recommendations", as_at)
    events = delivery.sheets[""] if delivery else []
    return {day_of(row["event_at"]) for row in events if row["event_at"] <= as_at}


def voice_months(
    known: Known, as_at: datetime, statuses: Mapping[tuple[str, date], str]
) -> dict[tuple[str, date], VoiceMonth]:
    """Return the rows of `assurance_voice_month` by party and first day of the month.

    `statuses` has the status of each point on each day. If today's status is `unknown`, today is
    not counted.
    """
    first, today = date(2025, 1, 1), day_of(as_at)
    months = {
        date(year, month, 1)
        for year in range(first.year, today.year + 1)
        for month in range(1, 13)
        if first <= date(year, month, 1) <= today
    }
    found = {(party, month): VoiceMonth() for party in PARTIES for month in months}
    statements = view_rows(known, as_at, statuses)
    for (point, day), status in statuses.items():
        if status in ("unknown", "no_cases"):
            continue
        is_contradicted = status not in ASSURED_STATUSES
        for party in PARTIES:
            said = latest_status(known, as_at, point, party, day)
            if said is None or said.lower() not in assured_words(day_of(as_at)):
                continue
            row = found[party, day.replace(day=1)]
            row.days_said_complete += 1
            row.days_contradicted += is_contradicted
            if (point, party, day) in statements:
                row.denominator += 1
                row.numerator += is_contradicted
                row.value = row.numerator / row.denominator
    return found
