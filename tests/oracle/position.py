"""Compute `assurance_position`: the figure, deadline, status and views of each point."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from .approved import policy_confirmed
from .clock import day_of, days, month_of, months_back
from .hr import People
from .known import Known, latest_delivery
from .model import KEYS
from .plans import plans_as_at, strands_met
from .policy import (
    OPTIONAL,
    current,
    deadlines,
    hours,
    on,
    points,
    rests_on,
    starts_on,
    strands,
    target,
    target_share,
)
from .referrals import ReferralFact, pooled
from .stats import difference_interval, ratio, wilson
from .training import Completed, count, count_with_absent
from .views import views


@dataclass
class Position:
    """One row of `assurance_position`, with only the columns that the contract determines."""

    point_code: str
    status: str
    figure_from: date
    figure_to: date
    unknown_because: str | None
    numerator: int
    denominator: int
    value: float | None
    ci_low: float | None
    ci_high: float | None
    target: float
    policy_confirmed: bool
    second_reading: str | None
    second_numerator: int | None
    second_denominator: int | None
    second_value: float | None
    deadline: date | None
    days_to_deadline: int | None
    value_at_deadline: float | None
    status_at_deadline: str | None
    force_self_assessment: str | None
    commissioner_judgement: str | None
    source_status: str
    status_since: date | None
    recent_numerator: int | None = None
    recent_denominator: int | None = None
    earlier_numerator: int | None = None
    earlier_denominator: int | None = None
    change_low: float | None = None
    change_high: float | None = None
    is_change_clear: bool | None = None


@dataclass
class Evidence:
    """All inputs of the computation of positions.

    `extracted_at` is the real time at which the databases were extracted. `failed` names the
    sources that could not be extracted.
    """

    known: Known
    people: People
    facts: list[ReferralFact]
    done: Completed
    as_at: datetime
    extracted_at: datetime | None
    failed: frozenset[str] = frozenset()

    @property
    def today(self) -> date:
        """The London day of `as_at`."""
        return day_of(self.as_at)


def source_verdicts(evidence: Evidence) -> dict[str, str]:
    """Return the freshness of each dataset: `fresh`, `stale` or `failed`.

    Contract: "Stale after: … days from the latest delivery at or before `as_at` (for a database the
    last extraction that succeeded, whenever it ran) to `as_at`".
    """
    verdicts = {}
    for row in on(evidence.today, "policy_staleness"):
        dataset, limit = row["dataset"], timedelta(days=int(row["stale_after_days"]))
        if dataset in OPTIONAL and not evidence.known.deliveries.get(dataset):
            continue
        is_database = row["is_database"] == "true"
        last = (
            evidence.extracted_at
            if is_database
            else latest_delivery(evidence.known, dataset, evidence.as_at)
        )
        source = dataset.partition("/")[0] if is_database else dataset
        late = last is None or evidence.as_at - last > limit
        verdicts[dataset] = "failed" if source in evidence.failed else ("fresh", "stale")[late]
    return verdicts


#: The name in the oracle of each table that is a dataset.
_TABLES = {name.replace("intel.", "intelligence/").replace(".", "/"): name for name in KEYS}


def newest_records(evidence: Evidence) -> dict[str, datetime | None]:
    """Return the newest moment in the records of each dataset, up to `as_at`.

    Contract: "`last_record_at` is the newest moment in the records themselves, never that of the
    extraction". The moment of a file's record is the version time of the delivery that brought it.
    A dataset with a delivery that came after a later one is left out.
    """
    found = {}
    for row in on(evidence.today, "policy_staleness", is_database="true"):
        moments = [
            version["updated_at"]
            for record in evidence.known.tables[_TABLES[row["dataset"]]].values()
            for version in record.versions
            if version["updated_at"] <= evidence.as_at
        ]
        found[row["dataset"]] = max(moments, default=None)
    for row in on(evidence.today, "policy_staleness", is_database="false"):
        deliveries = evidence.known.deliveries.get(row["dataset"], [])
        if all(delivery.has_news is not None for delivery in deliveries):
            times = [delivery.version_time for delivery in deliveries if delivery.has_news]
            found[row["dataset"]] = max(
                (time for time in times if time <= evidence.as_at), default=None
            )
    return found


def due_by(evidence: Evidence) -> dict[str, datetime | None]:
    """Return when the next file of each dataset is due, or None if it has delivered nothing.

    The next file is due when the latest one becomes stale.
    """
    due = {}
    for row in on(evidence.today, "policy_staleness", is_database="false"):
        last = latest_delivery(evidence.known, row["dataset"], evidence.as_at)
        due[row["dataset"]] = last + timedelta(days=int(row["stale_after_days"])) if last else None
    return due


def _figures_on(evidence: Evidence, point: str, day: date) -> tuple[int, int]:
    """Return numerator and denominator of a point's first measure on a day.

    The point is one with a deadline. Even if the day is past, the records are those valid at
    `as_at`. Contract: "a past day … does not move `as_at`".
    """
    if point == "INTEL_PLAN":
        return strands_met(plans_as_at(evidence.known, evidence.as_at), day), len(strands(day))
    return count(evidence.people, evidence.done, point, day)


def _met(evidence: Evidence, point: str, numerator: int, denominator: int, day: date) -> bool:
    """Return whether a point is met on a day, by the target of that day.

    Contract: "Met means 3 strands, or `training_target`".
    """
    share = target_share(point, evidence.today, day)
    return denominator > 0 and numerator / denominator >= share


def _met_on(evidence: Evidence, point: str, day: date) -> bool:
    return _met(evidence, point, *_figures_on(evidence, point, day), day)


def _status_on(evidence: Evidence, point: str, day: date, deadline: date, ever: bool) -> str:
    """Return the status on a day of a point with a deadline.

    `ever` says whether the point was met on that day or earlier.

    Contract: "`no_cases` when the denominator is 0. Before the deadline: `not_started` at numerator
    0, else `in_progress`. Then, met now:
    `met_on_time` if met on the deadline day, else `met_late`; not met now: `slipping` if ever met,
    else `overdue`".
    """
    numerator, denominator = _figures_on(evidence, point, day)
    if denominator == 0:
        return "no_cases"
    if day < deadline:
        return "in_progress" if numerator else "not_started"
    if _met_on(evidence, point, day):
        return "met_on_time" if _met_on(evidence, point, deadline) else "met_late"
    return "slipping" if ever else "overdue"


def nccu_status(facts: list[ReferralFact], figure: tuple[int, int], today: date) -> str:
    """Return the status of `NCCU_INTEL`, which has no deadline.

    The status compares the last three complete months with the three months before them. Contract:
    "A month without a denominator is passed over".
    """
    numerator, denominator = figure
    if denominator == 0:
        return "no_cases"
    if numerator == 0:
        return "not_started"
    complete = six_complete_months(facts, today)
    last, before = complete[:3], complete[3:]
    if len(last) == 3 and all(hits == total for hits, total in last):
        return "sustained"
    last_share, before_share = _pool(last), _pool(before)
    if last_share is not None and before_share is not None and last_share < before_share:
        return "slipping"
    return "in_progress"


def six_complete_months(facts: list[ReferralFact], today: date) -> list[tuple[int, int]]:
    """Return the figures of at most six complete months with a denominator, the latest first."""
    complete: list[tuple[int, int]] = []
    month = months_back(month_of(today), 1)
    while month >= starts_on("NCCU_INTEL", today) and len(complete) < 6:
        figures = pooled(facts, month, month)
        if figures[1]:
            complete.append(figures)
        month = months_back(month, 1)
    return complete


def _change(facts: list[ReferralFact], today: date) -> dict[str, Any]:
    """Return the last three complete months, the three before, and the interval of the change."""
    complete = six_complete_months(facts, today)
    found: dict[str, Any] = {}
    pairs = {}
    for name, months in (("recent", complete[:3]), ("earlier", complete[3:])):
        if months:
            pairs[name] = (sum(hits for hits, _ in months), sum(total for _, total in months))
            found[f"{name}_numerator"], found[f"{name}_denominator"] = pairs[name]
    if len(pairs) == 2:
        low, high = difference_interval(pairs["recent"], pairs["earlier"])
        found |= {"change_low": low, "change_high": high, "is_change_clear": low > 0 or high < 0}
    return found


def _since(every_day: dict[tuple[str, date], PointDay], point: str, today: date) -> date:
    """Return the first day of the unbroken stretch of days with the status of today."""
    first = today
    while (before := every_day.get((point, first - timedelta(days=1)))) is not None:
        if before.status != every_day[point, today].status:
            break
        first -= timedelta(days=1)
    return first


def _pool(figures: list[tuple[int, int]]) -> float | None:
    """Return one share over several months, or None. The contract calls such a share "pooled"."""
    return ratio(sum(hits for hits, _ in figures), sum(total for _, total in figures))


def facts_on(facts: list[ReferralFact], day: date) -> list[ReferralFact]:
    """Return the referrals with the classes that they had on a past day.

    Contract: "the day limits only the dates inside them". Referrals after the day are left out. If
    a referral's document was submitted after the day, the referral was `awaiting` or `missing` on
    that day.
    """
    limited = []
    for fact in facts:
        submitted = fact.hours_to_submission
        answered = (
            submitted is not None and day_of(fact.contacted_at + timedelta(hours=submitted)) <= day
        )
        grace = hours("grace_hours", day_of(fact.contacted_at))
        due = answered or day_of(fact.contacted_at + grace) <= day
        if day_of(fact.contacted_at) <= day:
            name = fact.intelligence_class if answered else "missing" if due else "awaiting"
            counted = fact.is_counted and due
            compliant = fact.is_compliant and answered
            limited.append(
                replace(fact, intelligence_class=name, is_counted=counted, is_compliant=compliant)
            )
    return limited


@dataclass
class PointDay:
    """One row of `assurance_position_day`."""

    numerator: int
    denominator: int
    value: float | None
    status: str


def daily(evidence: Evidence) -> dict[tuple[str, date], PointDay]:
    """Return the figure and status of each point on "each day since launch", as at `as_at`."""
    rows = {}
    for point, deadline in deadlines(evidence.today).items():
        first = min(starts_on(point, evidence.today), evidence.today)
        ever = False
        for day in days(first, evidence.today):
            if deadline is None:
                then = facts_on(evidence.facts, day)
                month = month_of(day)
                numerator, denominator = pooled(then, months_back(month, 12), month)
                status = nccu_status(then, (numerator, denominator), day)
            else:
                numerator, denominator = _figures_on(evidence, point, day)
                ever = ever or _met(evidence, point, numerator, denominator, day)
                status = _status_on(evidence, point, day, deadline, ever)
            share = ratio(numerator, denominator)
            rows[point, day] = PointDay(numerator, denominator, share, status)
    return rows


def positions(
    evidence: Evidence, every_day: dict[tuple[str, date], PointDay]
) -> dict[str, Position]:
    """Return the rows of `assurance_position`.

    Contract: "the first-named measure of each point, over the last twelve complete months and the
    current one for `NCCU_INTEL`, as at the cut-off for the others".
    """
    verdicts = source_verdicts(evidence)
    confirmed = policy_confirmed(current.policy, evidence.today)
    latest = views(evidence.known, evidence.as_at)
    rows = {}
    for point, deadline in deadlines(evidence.today).items():
        source = _worst([verdicts[name] for name in rests_on(point, evidence.today)])
        now = every_day[point, evidence.today]
        numerator, denominator = now.numerator, now.denominator
        # Contract about the figure at the deadline: "the deadline day … with what is known now".
        # Before the deadline day, there is no such figure.
        then = every_day.get((point, deadline)) if deadline else None
        second = _second_reading(evidence, point)
        rows[point] = Position(
            point,
            "unknown" if source != "fresh" else now.status,
            # Contract: "over the last twelve complete months and the current one for `NCCU_INTEL`,
            # as at the cut-off for the others".
            months_back(month_of(evidence.today), 12) if point == "NCCU_INTEL" else evidence.today,
            evidence.today,
            {"stale": "SOURCE_STALE", "failed": "SOURCE_FAILED"}.get(source),
            numerator,
            denominator,
            ratio(numerator, denominator),
            *wilson(numerator, denominator),
            target(point, evidence.today),
            confirmed[point],
            _second_measure(evidence, point),
            second[0],
            second[1],
            second[2],
            deadline,
            (deadline - evidence.today).days if deadline else None,
            then.value if then else None,
            then.status if then else None,
            latest.get((point, "FORCE"), {}).get("status"),
            latest.get((point, "COMMISSIONER"), {}).get("status"),
            source,
            _since(every_day, point, evidence.today) if source == "fresh" else None,
            **(_change(evidence.facts, evidence.today) if deadline is None else {}),
        )
    return rows


def _second_measure(evidence: Evidence, point: str) -> str | None:
    return points(evidence.today)[point]["second_measure_code"] or None


def _second_reading(evidence: Evidence, point: str) -> tuple[int | None, int | None, float | None]:
    """Return numerator, denominator and share of the second reading, or three Nones.

    Contract: "over the same period as the first".
    """
    if _second_measure(evidence, point) is None:
        return None, None, None
    if point == "NCCU_INTEL":
        month = month_of(evidence.today)
        with_checks = [
            replace(fact, is_counted=True)
            for fact in evidence.facts
            if fact.referral_type != "VICTIM" and fact.intelligence_class != "awaiting"
        ]
        numerator, denominator = pooled(with_checks, months_back(month, 12), month)
    else:
        numerator, denominator = count_with_absent(
            evidence.people, evidence.done, point, evidence.today
        )
    return numerator, denominator, ratio(numerator, denominator)


def _worst(verdicts: list[str]) -> str:
    """Return the worst freshness verdict among a point's sources."""
    for verdict in ("failed", "stale"):
        if verdict in verdicts:
            return verdict
    return "fresh"
