"""How pages show the assurance points: their names, their order and the nouns for what they count.

The words are in the seed `point_words`, in the order in which pages show the points.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

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
        changes: Why a point that is met today can be missed tomorrow, as a clause such as "people
            join".
        is_checklist: Whether the figure is a number out of a few instead of a percentage.
    """

    name: str
    question: str
    unit: str
    changes: str
    is_checklist: bool


def _points() -> dict[str, Point]:
    known = {one["point"] for one in read_declared(PROJECT_ROOT).measures.values()}
    return {
        row["point_code"]: Point(
            name=row["title"],
            question=row["public_question"],
            unit=row["counted"],
            changes=row["can_change"],
            is_checklist=row["shown_as"] == "checklist",
        )
        for row in read_seed(PROJECT_ROOT, "point_words").rows
        if row["point_code"] in known
    }


Value = TypeVar("Value")


class Lazy(Mapping[str, Value], Generic[Value]):
    """A mapping that is made when it is first used.

    A mistake in a seed must not stop a command that only imports this module.
    """

    def __init__(self, make: Callable[[], Mapping[str, Value]]) -> None:
        self._made = functools.cache(make)

    def __getitem__(self, key: str) -> Value:
        """Return the value of a key."""
        return self._made()[key]

    def __iter__(self) -> Iterator[str]:
        """Yield the keys, in their order."""
        return iter(self._made())

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._made())


#: The points by code, in the order in which pages show them.
POINTS = Lazy(_points)


def place(code: str) -> int:
    """Return the place of a point in the order in which pages show the points."""
    return [*POINTS].index(code)
