"""The register of plans and their milestones."""

from expectations.shared.current_records import nearly_all_records
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import INFO, Expectations


@landing_suite("governance/plans", "plan")
def plan() -> Expectations:
    """Plans to collect, analyse and share information."""
    return [
        nearly_all_records(
            "reviewed_after_approval",
            "approved_date <= review_due_date",
            where="approved_date is not null and review_due_date is not null",
            description="Every plan has a review date that is not before its approval.",
            columns=("approved_date", "review_due_date"),
        ),
    ]


@landing_suite("governance/plans", "plan_milestone")
def plan_milestone() -> Expectations:
    """Milestones of the plans, with the day by which each is due."""
    return [
        nearly_all_records(
            "milestone_has_a_date",
            "due_date is not null",
            description="Every milestone has a due date.",
            columns=("due_date",),
            severity=INFO,
        ),
    ]
