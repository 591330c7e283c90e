"""Compute `board_question` from the facts, the views, the forecasts and the rules of the seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from .board import BoardAction
from .clock import day_of, month_of, months_back
from .forecast import Forecast
from .model import Row
from .policy import PolicyRow, deadlines, on, rests_on, strands
from .position import PointDay, Position
from .referrals import ReferralFact
from .training import Requirement
from .views import ASSURED_STATUSES, PARTIES, View

#: z of an interval at 99.8%.
Z_OF_QUESTIONS = 3.090232
SHOWN = 5


@dataclass(frozen=True)
class Question:
    """A row of `board_question`, without its words."""

    point_code: str
    rule_code: str
    org_unit_code: str
    numerator: int
    denominator: int
    reference_numerator: int | None = None
    reference_denominator: int | None = None
    since: date | None = None
    weight: float = 0.0

    @property
    def excess(self) -> float:
        """By how much the numerator is larger than it would be with the share of the reference.

        Without a reference, this is the numerator.
        """
        if not self.reference_denominator:
            return float(self.numerator)
        share = (self.reference_numerator or 0) / self.reference_denominator
        return self.numerator - self.denominator * share


@dataclass
class Facts:
    """What the questions follow from."""

    today: date
    referrals: Iterable[ReferralFact]
    #: The day of each detention, with whether it was referred.
    detentions: Iterable[tuple[date, bool]]
    requirements: Iterable[Requirement]
    plans: Iterable[Row]
    strands: Mapping[str, Row]
    positions: Mapping[str, Position]
    forecasts: Mapping[str, Forecast]
    daily: Mapping[tuple[str, date], PointDay]
    views: Mapping[tuple[str, str, date], View]
    verdicts: Mapping[str, str]
    actions: Iterable[BoardAction]


def questions(facts: Facts) -> dict[str, list[Question]]:
    """Return all questions of each point, in the order in which the Board should put them.

    The mart shows at most `SHOWN` of them. This limit is not applied here.
    """
    found: dict[str, list[Question]] = {point: [] for point in deadlines(facts.today)}
    for rule in on(facts.today, "policy_board_question"):
        if rule["point_code"] not in found:
            continue
        asked = sorted(_asked(facts, rule), key=lambda one: (-one.excess, one.org_unit_code))
        for place, one in enumerate(asked, 1):
            weight = float(rule["rank_weight"]) / place
            found[one.point_code].append(replace(one, weight=weight))
    for point in found:
        found[point].sort(
            key=lambda one: (-one.weight, -one.excess, one.rule_code, one.org_unit_code)
        )
    return found


def difference_low(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Return the lower end of Newcombe's interval at 99.8% for the difference of two shares.

    The numerator of the first share is reduced by one before, so that no question depends on a
    single record.
    """
    fewer = max(first[0] - 1, 0)
    share, other = fewer / first[1], second[0] / second[1]
    low, high = _wilson(fewer, first[1])[0], _wilson(*second)[1]
    return share - other - math.hypot(share - low, high - other)


def _wilson(numerator: int, denominator: int) -> tuple[float, float]:
    share, spread = numerator / denominator, Z_OF_QUESTIONS**2 / denominator
    half = Z_OF_QUESTIONS * math.sqrt((share * (1 - share) + spread / 4) / denominator)
    ends = [(share + spread / 2 + sign * half) / (1 + spread) for sign in (-1, 1)]
    return max(0.0, ends[0]), min(1.0, ends[1])


def _asked(facts: Facts, rule: PolicyRow) -> Iterator[Question]:
    kind, point = rule["rule_kind"], rule["point_code"]
    is_fresh = facts.positions[point].source_status == "fresh"
    if kind == "SOURCE" and not is_fresh:
        needed = rests_on(point, facts.today)
        late = [name for name in needed if facts.verdicts[name] != "fresh"]
        yield Question(point, rule["rule_code"], "ALL", len(late), len(needed))
    elif is_fresh and kind in _KINDS:
        for one in _KINDS[kind](facts, rule):
            if one.denominator >= int(rule["fewest_records"]):
                yield one


def _teams(facts: Facts, rule: PolicyRow) -> Iterator[Question]:
    point = rule["point_code"]
    deadline = deadlines(facts.today)[point]
    if deadline is not None and facts.today <= deadline:
        return
    counts: dict[str, list[int]] = {}
    for team, name in _with_team(facts, point):
        count = counts.setdefault(team, [0, 0])
        count[0] += name == rule["record_class"]
        count[1] += 1
    totals = [sum(count[part] for count in counts.values()) for part in (0, 1)]
    since = deadline or _first_day(facts)
    for team, (numerator, denominator) in counts.items():
        rest = (totals[0] - numerator, totals[1] - denominator)
        if team != "UNKNOWN" and _is_higher(rule, (numerator, denominator), rest):
            yield Question(point, rule["rule_code"], team, numerator, denominator, *rest, since)


def _classes(facts: Facts, rule: PolicyRow) -> Iterator[Question]:
    counted = [fact for fact in _counted(facts) if _month(fact) < month_of(facts.today)]
    months = sorted({_month(fact) for fact in counted}, reverse=True)
    now, before = months[:3], months[3:6]
    sums = [
        (
            sum(
                _month(f) in some and f.intelligence_class == rule["record_class"] for f in counted
            ),
            sum(_month(f) in some for f in counted),
        )
        for some in (now, before)
    ]
    if now and _is_higher(rule, *sums):
        yield Question(
            rule["point_code"], rule["rule_code"], "ALL", *sums[0], *sums[1], since=now[-1]
        )


def _detained(facts: Facts, rule: PolicyRow) -> Iterator[Question]:
    first = _first_day(facts)
    referred = [is_referred for day, is_referred in facts.detentions if day >= first]
    numerator, denominator = referred.count(False), len(referred)
    if denominator and _wilson(max(numerator - 1, 0), denominator)[0] > float(rule["threshold"]):
        yield Question(
            rule["point_code"], rule["rule_code"], "ALL", numerator, denominator, since=first
        )


def _voices(facts: Facts, rule: PolicyRow) -> Iterator[Question]:
    point = rule["point_code"]
    latest: dict[str, tuple[date, View]] = {}
    for (of, party, day), view in facts.views.items():
        if of == point and party in PARTIES and day <= facts.today:
            latest[party] = max(latest.get(party, (day, view)), (day, view), key=lambda at: at[0])
    said = [day for day, view in latest.values() if view.is_assured]
    if said and not _is_assured(facts, point):
        yield from _of_the_point(facts, rule, min(said))


def _deadlines(facts: Facts, rule: PolicyRow) -> Iterator[Question]:
    deadline = deadlines(facts.today)[rule["point_code"]]
    if deadline and facts.today > deadline and not _is_assured(facts, rule["point_code"]):
        yield from _of_the_point(facts, rule, deadline)


def _forecasts(facts: Facts, rule: PolicyRow) -> Iterator[Question]:
    ahead = facts.forecasts[rule["point_code"]]
    is_by_places = ahead.places_scheduled is not None
    if (
        ahead.outstanding is None
        or ahead.required_by is None
        or ahead.outstanding < float(rule["threshold"])
        or (ahead.pace_since is None and not is_by_places)
    ):
        return
    if ahead.forecast_earliest is None or ahead.forecast_earliest > ahead.required_by:
        yield from _of_the_point(facts, rule, None if is_by_places else ahead.pace_since)


def _reviews(facts: Facts, rule: PolicyRow) -> Iterator[Question]:
    past = []
    wanted = strands(facts.today)
    for strand in wanted:
        plans = [plan for plan in facts.plans if plan["strand"] == strand]
        if facts.strands[strand]["is_met"] or not plans:
            continue
        # The plan that is shown is the one that was approved last.
        plan = min(plans, key=_latest_first)
        review = plan["review_due_date"]
        if plan["approved_date"] and review and review < facts.today:
            past.append(review)
    if past:
        since = min(past) + timedelta(days=1)
        yield Question(
            rule["point_code"], rule["rule_code"], "ALL", len(past), len(wanted), since=since
        )


def _actions(facts: Facts, rule: PolicyRow) -> Iterator[Question]:
    of_point = [one for one in facts.actions if one.point_code == rule["point_code"]]
    is_late = [one.status == "OVERDUE" for one in of_point if one.status in ("OPEN", "OVERDUE")]
    due = [one.due_on for one in of_point if one.status == "OVERDUE" and one.due_on]
    if due:
        since = min(due) + timedelta(days=1)
        yield Question(
            rule["point_code"], rule["rule_code"], "ALL", sum(is_late), len(is_late), since=since
        )


_KINDS = {
    "TEAM": _teams,
    "CLASS": _classes,
    "DETENTION": _detained,
    "VOICE": _voices,
    "DEADLINE": _deadlines,
    "FORECAST": _forecasts,
    "REVIEW": _reviews,
    "ACTION": _actions,
}


def _of_the_point(facts: Facts, rule: PolicyRow, since: date | None) -> Iterator[Question]:
    """Yield the question about the records of a point's position that are not in the numerator.

    There is no question if there are fewer such records than the threshold of the rule.
    """
    position = facts.positions[rule["point_code"]]
    unmet = position.denominator - position.numerator
    if unmet >= float(rule["threshold"]):
        yield Question(
            rule["point_code"], rule["rule_code"], "ALL", unmet, position.denominator, since=since
        )


def _is_higher(rule: PolicyRow, share: tuple[int, int], other: tuple[int, int]) -> bool:
    fewest = int(rule["fewest_records"])
    if share[1] < fewest or other[1] < fewest:
        return False
    difference = share[0] / share[1] - other[0] / other[1]
    return difference >= float(rule["threshold"]) and difference_low(share, other) > 0


def _with_team(facts: Facts, point: str) -> Iterator[tuple[str, str]]:
    """Yield team and class of each record that the figure in a point's position counts."""
    if point == "NCCU_INTEL":
        for fact in _counted(facts):
            yield fact.org_unit_code, fact.intelligence_class
        return
    people: dict[str, tuple[str, list[bool]]] = {}
    for row in facts.requirements:
        is_of_point = (row.requirement_code == "HYDRA") is (point == "HYDRA")
        if is_of_point and row.is_in_post and not row.is_long_term_absent:
            _, done = people.setdefault(row.employee_no, (row.org_unit_code, []))
            done.append(row.is_complete)
    for team, done in people.values():
        yield team, "complete" if all(done) else "not_complete"


def _counted(facts: Facts) -> Iterator[ReferralFact]:
    first = _first_day(facts)
    for fact in facts.referrals:
        if fact.is_counted and day_of(fact.contacted_at) >= first:
            yield fact


def _first_day(facts: Facts) -> date:
    return months_back(month_of(facts.today), 12)


def _month(fact: ReferralFact) -> date:
    return month_of(day_of(fact.contacted_at))


def _is_assured(facts: Facts, point: str) -> bool:
    return facts.daily[point, facts.today].status in ASSURED_STATUSES


def _latest_first(plan: Row) -> tuple[object, ...]:
    approved, review = plan["approved_date"], plan["review_due_date"]
    return (
        approved is None,
        -approved.toordinal() if approved else 0,
        review is None,
        -review.toordinal() if review else 0,
        plan["plan_ref"],
    )
