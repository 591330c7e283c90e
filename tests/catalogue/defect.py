"""A defect: a small program that damages a healthy simulated force, with the check that catches it.

The force (`tests.catalogue.world`) has a publication on its first day. A defect damages the force's
second day. Each defect is a function in a module of `tests.catalogue.defects`. Its docstring is one
line about an event in a real pipeline. The function returns the damage, whose form depends on the
stage:

- `source`: SQL for a source database, run in the night before the second day's run;
- `file`: the bytes delivered instead of the day's file, or several files, keyed by name;
- `days`: damage of one of these two kinds, and its repair in the next night.

Damaged models are tested as mutants (`tests.mutants`). Damaged marts are tested with the gate:
every expectation must fail on rows damaged for it (`tests/integration/gates/damage.py`).
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

Stage = Literal["source", "file", "days"]
STAGES: tuple[Stage, ...] = get_args(Stage)
#: The value of `caught_by` for a defect that no check notices. Such a defect must move no figure.
NOTHING = "nothing"


@dataclass(frozen=True)
class Files:
    """The contents of three files of a dataset.

    `today` is the second day's file, `yesterday` the file before it, and `first` the first file.
    """

    today: bytes
    yesterday: bytes
    first: bytes

    @property
    def lines(self) -> list[bytes]:
        """The lines of the second day's file, each with its line end."""
        return self.today.splitlines(keepends=True)


@dataclass(frozen=True)
class Days:
    """Damage done before the second day, and its repair before the third day.

    Either both are SQL for a source database, or both are what is delivered instead of the day's
    file. `outcome` is what happens to the second day's build:

    - `blocked`: a critical check fails, and nothing is published;
    - `held`: the build waits for a person;
    - `unknown`: the build is published, and the points that depend on the damaged data are unknown;
    - `caveat`: the build is published with a warning.

    If `is_approved` is true, a person approves the held build, and it is published. If
    `is_held_again` is true, the repair changes past records again, so the third day's build waits
    for a person too. The third day's figures must be those of the healthy force.
    """

    damage: "str | bytes | dict[str, bytes]"
    repair: "str | bytes | dict[str, bytes]"
    outcome: Literal["blocked", "held", "unknown", "caveat"]
    is_approved: bool = False
    is_held_again: bool = False


Damage = Callable[..., "str | bytes | dict[str, bytes] | Days"]


@dataclass(frozen=True)
class Defect:
    """One defect of the catalogue.

    `caught_by` is the check that must fail. `place` is the damaged source system or dataset. If
    `only_new_records` is true, the damage changes no known record, so a caveat is enough even if a
    position moves (mart contract).
    """

    name: str
    stage: Stage
    description: str
    damage: Damage
    caught_by: str
    place: str
    only_new_records: bool = False


_KNOWN: dict[str, Defect] = {}


def defect(
    stage: Stage, *, caught_by: str, place: str, only_new_records: bool = False
) -> Callable[[Damage], Damage]:
    """Return a decorator that adds a function to the catalogue as a defect of this stage."""

    def enter(function: Damage) -> Damage:
        name = function.__name__
        if name in _KNOWN:
            raise ValueError(f"{name}: two defects have this name")
        description = re.sub(r"\s+", " ", (function.__doc__ or "").strip())
        _KNOWN[name] = Defect(
            name, stage, description, function, caught_by, place, only_new_records
        )
        return function

    return enter


def catalogue() -> list[Defect]:
    """Return every defect, sorted by stage and then in the order of the modules."""
    from tests.catalogue import defects

    for module in pkgutil.iter_modules(defects.__path__, f"{defects.__name__}."):
        importlib.import_module(module.name)
    return sorted(_KNOWN.values(), key=lambda one: STAGES.index(one.stage))
