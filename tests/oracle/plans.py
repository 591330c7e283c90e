"""Compute the figures of the point INTEL_PLAN from the plan register."""

from __future__ import annotations

from datetime import date, datetime

from .clock import day_of, midnight, month_end, months
from .known import Known, full_as_at
from .model import Row
from .policy import deadlines, starts_on, strands
from .tally import ALL, Tally


def plans_as_at(known: Known, as_at: datetime) -> list[Row]:
    """Return the plans in the register that is valid at `as_at`.

    An approval date after `as_at` "is as if blank".
    """
    delivery = full_as_at(known, "governance/plans", as_at)
    rows = []
    for plan in delivery.sheets["Plans"] if delivery else []:
        row = dict(plan)
        if row["approved_date"] is not None and midnight(row["approved_date"]) > as_at:
            row["approved_date"] = None
        rows.append(row)
    return rows


def plan_is_met(plan: Row, day: date) -> bool:
    """Return whether a plan fulfils all conditions on a day.

    The contract says of a strand: "met when a plan of that strand has an owner, an approval date
    not after the day, an evidence reference and a review date not before the day".
    """
    approved, review = plan["approved_date"], plan["review_due_date"]
    if not plan["owner_role"] or not plan["evidence_ref"]:
        return False
    if approved is None or approved > day:
        return False
    return review is not None and review >= day


def strands_met(plans: list[Row], day: date) -> int:
    """Return how many of the strands that need a plan on a day are met."""
    return sum(
        any(plan["strand"] == strand and plan_is_met(plan, day) for plan in plans)
        for strand in strands(day)
    )


def tally_plans(plans: list[Row], today: date, tally: Tally) -> None:
    """Add the measure `intel_plan_strands_met` to the tally for each month.

    Contract: "strands met ÷ 3", "as at month end". The measure has only the unit `ALL`.
    """
    start = starts_on("INTEL_PLAN", today)
    tally.begin(start, "intel_plan_strands_met")
    for month in months(start, today):
        day = min(month_end(month), today)
        counts = [strands_met(plans, day), len(strands(day))]
        tally.counts["intel_plan_strands_met", month, ALL] = counts


def strand_facts(plans: list[Row], as_at: datetime) -> dict[str, Row]:
    """Return for each strand the values that its row in `fct_plan_strand` must have.

    `plans` lists the values of each plan that the row may show.
    """
    today = day_of(as_at)
    deadline = deadlines(today)["INTEL_PLAN"] or today
    facts = {}
    for strand in strands(today):
        mine = [plan for plan in plans if plan["strand"] == strand]
        met = [plan for plan in mine if plan_is_met(plan, today)]
        on_time = any(plan_is_met(plan, min(today, deadline)) for plan in mine)
        facts[strand] = {
            "is_met": bool(met),
            "is_met_on_time": on_time,
            "plans": [_shown(plan) for plan in (met or mine)],
        }
    return facts


def _shown(plan: Row) -> tuple[object, ...]:
    """Return the values that a strand's row would have if it showed this plan.

    If several plans fit, the contract does not say which of them the row shows.
    """
    return (
        plan["plan_ref"],
        bool(plan["owner_role"]),
        plan["approved_date"],
        plan["review_due_date"],
        bool(plan["evidence_ref"]),
    )
