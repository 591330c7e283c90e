"""The register of plans."""

from expectations.landed import landed
from expectations.records import of_current
from expectations.vocabulary import INFO, Promises


@landed("governance/plans", "plan")
def plan() -> Promises:
    """Plans to collect, analyse and share information."""
    return [
        of_current(
            "reviewed_after_approval",
            "approved_date <= review_due_date",
            among="approved_date is not null and review_due_date is not null",
            words="A plan is due for review after it was approved.",
            columns=("approved_date", "review_due_date"),
        ),
    ]


@landed("governance/plans", "plan_milestone")
def plan_milestone() -> Promises:
    """Milestones: what each plan is to reach, and by when."""
    return [
        of_current(
            "milestone_has_a_date",
            "due_date is not null",
            words="Milestones say by when.",
            columns=("due_date",),
            severity=INFO,
        ),
    ]
