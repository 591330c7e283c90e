"""The assurance points as pages show them: name, order, unit.

The seeds define the points: their rules, measures, targets and deadlines. This module adds what a
page needs and no seed has.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """How pages show one assurance point.

    Attributes:
        name: The short name, used as a heading.
        unit: The noun for the records that the figure counts.
        decided_by: The dbt model that decides whether a record counts as met.
        changes: Why a point that is met today can fail tomorrow.
        is_checklist: Whether the figure is a number out of three, not a percentage.
    """

    name: str
    unit: str
    decided_by: str
    changes: str
    is_checklist: bool = False


#: By the codes of the seed `policy_point`, in the order in which pages show them.
POINTS = {
    "NCCU_INTEL": Point(
        name="Reporting to the NCCU",
        unit="referrals",
        decided_by="int_nccu_referral_class",
        changes="new cases are reported",
    ),
    "INTEL_PLAN": Point(
        name="Intelligence plans",
        unit="strands",
        decided_by="int_plan_day",
        changes="plans fall due for review",
        is_checklist=True,
    ),
    "HYDRA": Point(
        name="Hydra training",
        unit="people",
        decided_by="int_training_person",
        changes="people join and leave",
    ),
    "ELEARNING": Point(
        name="E-learning",
        unit="people",
        decided_by="int_training_person",
        changes="people join and leave",
    ),
}
ORDER = tuple(POINTS)
