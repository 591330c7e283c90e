"""Decide for each point whether somebody has approved the policy on which its figure rests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from .clock import month_of, months_back
from .policy import Policy, PolicyRow, applies

#: The thresholds that decide whether a referral is counted, and whether a document belongs to it.
#: The timely hours only divide the numerator into in time and late.
_REFERRAL_THRESHOLDS = ("grace_hours", "before_call_hours")


def policy_confirmed(policy: Policy, today: date) -> dict[str, bool]:
    """Return for each point whether all policy rows on which its figure rests name an approver.

    Contract: "`policy_confirmed` (false while a policy row that it rests on awaits confirmation)".
    """
    points = {
        row["point_code"]: row for row in policy["policy_point"] if applies(row, today, today)
    }
    return {
        code: all(_is_approved(under) for under in _rows_under(policy, row, today))
        for code, row in points.items()
    }


def _rows_under(policy: Policy, point: PolicyRow, today: date) -> Iterator[PolicyRow]:
    code = point["point_code"]
    yield point
    for row in policy["policy_threshold"]:
        if row["name"] == point["target_threshold"] and applies(row, today, today):
            yield row
    if code == "NCCU_INTEL":
        yield from _under_referrals(policy, today)
    elif code == "INTEL_PLAN":
        yield from (r for r in policy["policy_plan_strand"] if applies(r, today, today))
    else:
        yield from _under_training(policy, code, today)


def _under_referrals(policy: Policy, today: date) -> Iterator[PolicyRow]:
    """Yield the policy rows that apply to referrals on any day in the months of the figure.

    A referral has the policy of its day of contact, so a row that has ended can still count.
    """
    first = months_back(month_of(today), 12)
    for seed in ("policy_threshold", "policy_document_type", "policy_grading"):
        for row in policy[seed]:
            is_about_referrals = row.get("name", _REFERRAL_THRESHOLDS[0]) in _REFERRAL_THRESHOLDS
            if is_about_referrals and applies(row, first, today):
                yield row


def _under_training(policy: Policy, code: str, today: date) -> Iterator[PolicyRow]:
    items = set()
    for row in policy["policy_training_item"]:
        if row["point_code"] == code and applies(row, today, today):
            items.add(row["requirement_code"])
            yield row
    for row in policy["policy_role_requirement"]:
        if row["requirement_code"] in items and applies(row, today, today):
            yield row
    yield from (r for r in policy["policy_absence"] if applies(r, today, today))


def _is_approved(row: PolicyRow) -> bool:
    return row["approved_by"].strip().lower() not in ("", "awaiting confirmation")
