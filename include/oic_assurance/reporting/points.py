"""How pages show the assurance points: their names, order and units.

The dbt seeds define the points with their rules, measures, targets and deadlines. This module holds
what pages need and no seed contains.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """How pages show one assurance point.

    Attributes:
        name: The short name of the point, used as a heading.
        unit: The noun for what the figure counts, such as "referrals".
        decided_by: The dbt model that decides whether a record meets the point's requirement.
        changes: Why a point that is met today can be missed tomorrow, as a clause such as "people
            join".
        is_checklist: Whether the figure is a number out of three instead of a percentage.
    """

    name: str
    unit: str
    decided_by: str
    changes: str
    is_checklist: bool = False


#: The points, keyed by their codes in the seed `policy_point`, in the order in which pages show
#: them.
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
