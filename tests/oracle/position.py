"""`assurance_position`: figure, deadline, status and voices of each point."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .clock import day_of, days, month_of, months_back
from .hr import People
from .known import Known, full_as_at, latest_delivery
from .model import Row
from .plans import plans_as_at, strands_met
from .policy import DEADLINES, FIRST_MONTH, LAUNCHES, RESTS_ON, STALE_AFTER, TRAINING_TARGET
from .referrals import ReferralFact, pooled
from .stats import ratio, wilson
from .training import Completed, count


@dataclass
class Position:
    """One row of `assurance_position`, as far as the contract determines it."""

    point_code: str
    status: str
    numerator: int
    denominator: int
    value: float | None
    ci_low: float | None
    ci_high: float | None
    deadline: date | None
    days_to_deadline: int | None
    value_at_deadline: float | None
    status_at_deadline: str | None
    force_self_assessment: str | None
    commissioner_judgement: str | None
    source_status: str


@dataclass
class Evidence:
    """All that the position rests on."""

    known: Known
    people: People
    facts: list[ReferralFact]
    done: Completed
    as_at: datetime
    extracted_at: datetime | None
    failed: frozenset[str] = frozenset()

    @property
    def today(self) -> date:
        """Give the London day of `as_at`."""
        return day_of(self.as_at)


def source_verdicts(evidence: Evidence) -> dict[str, str]:
    """Follow the contract.

    "Stale after: … days from the latest delivery at or before `as_at` (for a database the last
    extraction that succeeded, whenever it ran) to `as_at`".
    """
    verdicts = {}
    for source, limit in STALE_AFTER.items():
        if source in ("rms", "intelligence"):
            last = evidence.extracted_at
        else:
            last = latest_delivery(evidence.known, source, evidence.as_at)
        late = last is None or evidence.as_at - last > timedelta(days=limit)
        verdicts[source] = "failed" if source in evidence.failed else ("fresh", "stale")[late]
    return verdicts


def due_by(evidence: Evidence, source: str) -> datetime | None:
    """Say when the next delivery is due: the latest one plus the source's days."""
    last = latest_delivery(evidence.known, source, evidence.as_at)
    return last + timedelta(days=STALE_AFTER[source]) if last else None


def _figures_on(evidence: Evidence, point: str, day: date) -> tuple[int, int]:
    """Give a dated point's first measure on a day; "a past day … does not move `as_at`"."""
    if point == "INTEL_PLAN":
        return strands_met(plans_as_at(evidence.known, evidence.as_at), day), 3
    return count(evidence.people, evidence.done, point, day)


def _met(point: str, numerator: int, denominator: int) -> bool:
    """Follow the contract: "Met means 3 strands, or `training_target`"."""
    if point == "INTEL_PLAN":
        return numerator == 3
    return denominator > 0 and numerator / denominator >= TRAINING_TARGET


def _met_on(evidence: Evidence, point: str, day: date) -> bool:
    return _met(point, *_figures_on(evidence, point, day))


def _ever_met(evidence: Evidence, point: str, until: date) -> bool:
    """Follow the contract: "days start at the launch (`INTEL_PLAN`: 2025-01-01)"."""
    return any(_met_on(evidence, point, day) for day in days(LAUNCHES[point], until))


def dated_status(evidence: Evidence, point: str, deadline: date) -> str:
    """Say the status of a point with a deadline, its sources fresh."""
    today = evidence.today
    numerator, _ = _figures_on(evidence, point, today)
    if today < deadline:  # "Before the deadline: `not_started` at numerator 0, else …"
        return "in_progress" if numerator else "not_started"
    return _status_on(evidence, point, today, deadline)


def _status_on(evidence: Evidence, point: str, day: date, deadline: date) -> str:
    """Follow the contract.

    "met now: `met_on_time` if met on the deadline day, else `met_late`; not met now: `slipping` if
    ever met, else `overdue`".
    """
    if _met_on(evidence, point, day):
        return "met_on_time" if _met_on(evidence, point, deadline) else "met_late"
    return "slipping" if _ever_met(evidence, point, day) else "overdue"


def nccu_status(facts: list[ReferralFact], numerator: int, today: date) -> str:
    """Say the status of `NCCU_INTEL`; "A month without a denominator is passed over"."""
    if numerator == 0:
        return "not_started"
    complete: list[tuple[int, int]] = []
    month = months_back(month_of(today), 1)
    while month >= FIRST_MONTH and len(complete) < 6:
        figures = pooled(facts, month, month)
        if figures[1]:
            complete.append(figures)
        month = months_back(month, 1)
    last, before = complete[:3], complete[3:6]
    if len(last) == 3 and all(hits == total for hits, total in last):
        return "sustained"
    last_share, before_share = _pool(last), _pool(before)
    if last_share is not None and before_share is not None and last_share < before_share:
        return "slipping"
    return "in_progress"


def _pool(figures: list[tuple[int, int]]) -> float | None:
    """Give the share over several months, "pooled"."""
    return ratio(sum(hits for hits, _ in figures), sum(total for _, total in figures))


def voices(known: Known, as_at: datetime) -> dict[tuple[str, str], Row]:
    """Give the latest event of each point and party at `as_at`."""
    delivery = full_as_at(known, "governance/recommendations", as_at)
    latest: dict[tuple[str, str], Row] = {}
    for row in delivery.sheets[""] if delivery else []:
        key = (row["point_code"], row["party"])
        if row["event_at"] <= as_at and (
            key not in latest or row["event_at"] >= latest[key]["event_at"]
        ):
            latest[key] = row
    return latest


def positions(evidence: Evidence) -> dict[str, Position]:
    """Follow the contract.

    "the first-named measure of each point, over the last twelve complete months and the current one
    for `NCCU_INTEL`, as at the cut-off for the others".
    """
    verdicts = source_verdicts(evidence)
    said = voices(evidence.known, evidence.as_at)
    rows = {}
    for point, deadline in DEADLINES.items():
        source = _worst([verdicts[name] for name in RESTS_ON[point]])
        numerator, denominator = _figures(evidence, point)
        then = _at_deadline(evidence, point, deadline)
        rows[point] = Position(
            point,
            "unknown" if source != "fresh" else _status(evidence, point, numerator),
            numerator,
            denominator,
            ratio(numerator, denominator),
            *wilson(numerator, denominator),
            deadline,
            (deadline - evidence.today).days if deadline else None,
            *then,
            said.get((point, "FORCE"), {}).get("status"),
            said.get((point, "COMMISSIONER"), {}).get("status"),
            source,
        )
    return rows


def _figures(evidence: Evidence, point: str) -> tuple[int, int]:
    if point == "NCCU_INTEL":
        month = month_of(evidence.today)
        return pooled(evidence.facts, months_back(month, 12), month)
    return _figures_on(evidence, point, evidence.today)


def _status(evidence: Evidence, point: str, numerator: int) -> str:
    deadline = DEADLINES[point]
    if deadline is None:
        return nccu_status(evidence.facts, numerator, evidence.today)
    return dated_status(evidence, point, deadline)


def _at_deadline(
    evidence: Evidence, point: str, deadline: date | None
) -> tuple[float | None, str | None]:
    """Give the position on the deadline day "with what is known now"; none before it."""
    if deadline is None or evidence.today < deadline:
        return None, None
    value = ratio(*_figures_on(evidence, point, deadline))
    return value, _status_on(evidence, point, deadline, deadline)


def _worst(verdicts: list[str]) -> str:
    """Add one status for all the sources of a point."""
    for verdict in ("failed", "stale"):
        if verdict in verdicts:
            return verdict
    return "fresh"
