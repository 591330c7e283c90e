"""What a defect is: a small program that harms, and the check that has to notice.

A module of `tests.catalogue.defects` holds those of a stage. Each is a function whose docstring
tells, in a line, what happened to somebody's pipeline, and which returns the harm:

- `source`: SQL against a source database, run in the night before the second day;
- `file`: the bytes that are delivered instead of the day's file;
- `model`: one place of the rules and what stands there instead;
- `mart`: SQL against the marts as they were built and before the gate looks at them;
- `publication`: SQL against marts that were audited.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

Stage = Literal["source", "file", "model", "mart", "publication"]
STAGES: tuple[Stage, ...] = get_args(Stage)
#: What no check notices, and no figure shows: it has to be so, or the defect is not told truly.
NOTHING = "nothing"
#: What a rule has to pass before it is released; which of them fails first says the message.
UNIT_TESTS = "unit tests"


@dataclass(frozen=True)
class Files:
    """What a dataset's folder has on the second day: today's file, the one before, the first."""

    today: bytes
    yesterday: bytes
    first: bytes

    @property
    def lines(self) -> list[bytes]:
        """The lines of today's file, each with its end."""
        return self.today.splitlines(keepends=True)


@dataclass(frozen=True)
class Edit:
    """A place of the dbt project, found exactly once, and what stands there instead."""

    path: str
    old: str
    new: str

    @property
    def model(self) -> str | None:
        """The model that is another one now; None where it is a macro, which many can use."""
        folder, _, name = self.path.rpartition("/")
        return None if folder.startswith("macros") else name.removesuffix(".sql")


Harm = Callable[..., "str | bytes | Edit"]


@dataclass(frozen=True)
class Defect:
    """One defect; `place` is the source system or the dataset that it harms, where it is one."""

    name: str
    stage: Stage
    words: str
    harm: Harm
    caught_by: str
    place: str = ""


_KNOWN: dict[str, Defect] = {}


def defect(stage: Stage, *, caught_by: str, place: str = "") -> Callable[[Harm], Harm]:
    """Enter a function in the catalogue, with the check that catches it."""

    def enter(function: Harm) -> Harm:
        name = function.__name__
        if name in _KNOWN:
            raise ValueError(f"{name}: there are two defects of this name")
        words = re.sub(r"\s+", " ", (function.__doc__ or "").strip())
        _KNOWN[name] = Defect(name, stage, words, function, caught_by, place)
        return function

    return enter


def catalogue() -> list[Defect]:
    """Return every defect, stage by stage, in the order they are written in."""
    from tests.catalogue import defects

    for module in pkgutil.iter_modules(defects.__path__, f"{defects.__name__}."):
        importlib.import_module(module.name)
    return sorted(_KNOWN.values(), key=lambda one: STAGES.index(one.stage))
