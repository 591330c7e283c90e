"""Test `policy_confirmed` with the contract's default policy, in which some rows are changed."""

from __future__ import annotations

from datetime import date

import pytest

from .approved import policy_confirmed
from .defaults import DEFAULTS
from .policy import Policy, PolicyRow

TODAY = date(2026, 7, 2)
ALL = {"NCCU_INTEL", "INTEL_PLAN", "HYDRA", "ELEARNING"}


def approved() -> dict[str, list[PolicyRow]]:
    """Return the policy as if the Board had approved every row."""
    return {
        seed: [{**row, "approved_by": "The Board"} for row in rows]
        for seed, rows in DEFAULTS.items()
    }


def confirmed(policy: Policy) -> set[str]:
    return {point for point, is_so in policy_confirmed(policy, TODAY).items() if is_so}


def test_nothing_is_confirmed_while_everything_awaits_confirmation() -> None:
    assert policy_confirmed(DEFAULTS, TODAY) == dict.fromkeys(ALL, False)
    assert confirmed(approved()) == ALL


@pytest.mark.parametrize(
    ("seed", "column", "value", "unconfirmed"),
    [
        ("policy_threshold", "name", "grace_hours", {"NCCU_INTEL"}),
        ("policy_threshold", "name", "timely_hours", set()),
        ("policy_threshold", "name", "training_target", {"HYDRA", "ELEARNING"}),
        ("policy_threshold", "name", "plan_target", {"INTEL_PLAN"}),
        ("policy_threshold", "name", "suppression_threshold", set()),
        ("policy_document_type", "document_type_code", "NCCU_INTEL", {"NCCU_INTEL"}),
        ("policy_role_requirement", "requirement_code", "HYDRA", {"HYDRA"}),
        ("policy_training_item", "requirement_code", "OIC-EL-3", {"ELEARNING"}),
        ("policy_absence", "absence_status", "MATERNITY", {"HYDRA", "ELEARNING"}),
        ("policy_plan_strand", "strand", "SHARE", {"INTEL_PLAN"}),
        ("policy_point", "point_code", "HYDRA", {"HYDRA"}),
        ("policy_staleness", "dataset", "hr/personnel", set()),
    ],
)
def test_one_row_that_awaits_confirmation(
    seed: str, column: str, value: str, unconfirmed: set[str]
) -> None:
    policy = approved()
    policy[seed] = [
        {**row, "approved_by": "awaiting confirmation"} if row[column] == value else row
        for row in policy[seed]
    ]
    assert confirmed(policy) == ALL - unconfirmed


@pytest.mark.parametrize(
    ("ended", "is_confirmed"), [("2025-06-30", True), ("2025-07-01", False), ("2026-07-01", False)]
)
def test_an_earlier_row_counts_while_the_months_of_the_figure_have_its_days(
    ended: str, is_confirmed: bool
) -> None:
    policy = approved()
    earlier = {
        **next(row for row in policy["policy_threshold"] if row["name"] == "grace_hours"),
        "effective_to": ended,
        "approved_by": " Awaiting Confirmation",
    }
    policy["policy_threshold"].append(earlier)
    assert ("NCCU_INTEL" in confirmed(policy)) is is_confirmed
