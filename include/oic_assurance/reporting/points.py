"""How pages show the assurance points: their names, their order and the nouns for what they count.

The words are in the seed `point_words`, in the order in which pages show the points.
"""

from dataclasses import dataclass

from oic_assurance.builds.declared import read_declared
from oic_assurance.builds.seeds import read_seed
from oic_assurance.settings import PROJECT_ROOT


@dataclass(frozen=True)
class Point:
    """How pages show one assurance point.

    Attributes:
        name: The short name of the point, used as a heading.
        question: The question in words for the public.
        unit: The noun for what the figure counts, such as "referrals".
        decided_by: The dbt model whose records the first measure of the point counts.
        changes: Why a point that is met today can be missed tomorrow, as a clause such as "people
            join".
        is_checklist: Whether the figure is a number out of a few instead of a percentage.
    """

    name: str
    question: str
    unit: str
    decided_by: str
    changes: str
    is_checklist: bool


def _points() -> dict[str, Point]:
    declared = read_declared(PROJECT_ROOT)
    first = {one["point"]: one["record"] for one in reversed([*declared.measures.values()])}
    return {
        row["point_code"]: Point(
            name=row["title"],
            question=row["public_question"],
            unit=row["counted"],
            decided_by=declared.records[first[row["point_code"]]]["relation"],
            changes=row["can_change"],
            is_checklist=row["shown_as"] == "checklist",
        )
        for row in read_seed(PROJECT_ROOT, "point_words").rows
        if row["point_code"] in first
    }


#: The points by code, in the order in which pages show them.
POINTS = _points()
ORDER = tuple(POINTS)
