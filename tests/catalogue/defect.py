"""A defect: a small program that damages a healthy world, and the check that must fail on it.

A module of `tests.catalogue.defects` holds the defects of a stage. Each is a function. Its
docstring says in one line what happened to a real pipeline. It returns the damage:

- `source`: SQL for a source database, run in the night before the second day;
- `file`: the bytes that are delivered instead of the day's file;
- `model`: one place in the dbt project and its replacement;
- `mart`: SQL for the marts after they are built and before the gate checks them;
- `publication`: SQL for marts that have passed the gate.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

Stage = Literal["source", "file", "model", "mart", "publication"]
STAGES: tuple[Stage, ...] = get_args(Stage)
#: Catches a defect that no check notices. Such a defect must not move a figure.
NOTHING = "nothing"
#: Catches a change of a rule before it is released. The first failing unit test gives the message.
UNIT_TESTS = "unit tests"


@dataclass(frozen=True)
class Files:
    """The files of a dataset on the second day: today's file, the one before it, and the first."""

    today: bytes
    yesterday: bytes
    first: bytes

    @property
    def lines(self) -> list[bytes]:
        """The lines of today's file, each with its line end."""
        return self.today.splitlines(keepends=True)


@dataclass(frozen=True)
class Edit:
    """A place in the dbt project, which must occur exactly once, and its replacement."""

    path: str
    old: str
    new: str

    @property
    def model(self) -> str | None:
        """The changed model. None for a macro, which many models can use."""
        folder, _, name = self.path.rpartition("/")
        return None if folder.startswith("macros") else name.removesuffix(".sql")


Damage = Callable[..., "str | bytes | Edit"]


@dataclass(frozen=True)
class Defect:
    """One defect. `place` is the source system or the dataset that it damages, if there is one."""

    name: str
    stage: Stage
    description: str
    damage: Damage
    caught_by: str
    place: str = ""


_KNOWN: dict[str, Defect] = {}


def defect(stage: Stage, *, caught_by: str, place: str = "") -> Callable[[Damage], Damage]:
    """Add a function to the catalogue, with the check that catches it."""

    def enter(function: Damage) -> Damage:
        name = function.__name__
        if name in _KNOWN:
            raise ValueError(f"{name}: two defects have this name")
        description = re.sub(r"\s+", " ", (function.__doc__ or "").strip())
        _KNOWN[name] = Defect(name, stage, description, function, caught_by, place)
        return function

    return enter


def catalogue() -> list[Defect]:
    """Return every defect, stage by stage, in the order of the modules."""
    from tests.catalogue import defects

    for module in pkgutil.iter_modules(defects.__path__, f"{defects.__name__}."):
        importlib.import_module(module.name)
    return sorted(_KNOWN.values(), key=lambda one: STAGES.index(one.stage))
