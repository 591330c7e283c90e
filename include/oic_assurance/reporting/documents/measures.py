"""Read the measures as their pages describe them: declarations, and rows of the policy seeds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from oic_assurance.builds.declared import Declared, read_declared
from oic_assurance.builds.seeds import Row, Seeds, read_seeds
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.documents.over_time import (
    deadline,
    over_time,
    points,
    target,
    threshold,
)

_NONE = "none"
#: Whether a class is in the numerator and in the denominator, by what its records add.
_IN = {"both": ("yes", True), "some": ("some", True), "denominator": ("no", True)}


@dataclass(frozen=True)
class Counted:
    """What the records of one class add to a measure."""

    name: str
    meaning: str
    in_numerator: str
    in_denominator: bool


@dataclass(frozen=True)
class Policy:
    """The rows of a policy seed for the days from `since` to `until`."""

    seed: str
    since: date
    until: date | None
    approved_by: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Measure:
    """A measure, as its page describes it.

    Attributes:
        entry: Its declaration.
        record: The declaration of the kind of record that it counts.
        points: The rows of its point in the seed `policy_point`. Each names the measure that
            decides the status of the point, and the second reading, if there is one.
    """

    code: str
    entry: Mapping[str, Any]
    record: Mapping[str, Any]
    is_snapshot: bool
    points: Sequence[Row]
    seeds: Seeds

    @property
    def title(self) -> str:
        """The name of the measure for readers."""
        return str(self.entry["title"])

    @property
    def unit(self) -> str:
        """`share`, `hours` or `count`."""
        return str(self.entry["unit"])

    @property
    def may_be_added_up(self) -> bool:
        """Whether the numerators and denominators of months may be added up."""
        return self.unit != "hours" and not self.is_snapshot

    @property
    def decides(self) -> bool:
        """Whether the measure is the first or the second of its point, on any day."""
        return any(self.code in (r["measure_code"], r["second_measure_code"]) for r in self.points)

    @property
    def target(self) -> str | None:
        """The target of the point in words, if the measure is the first or second of its point."""
        return target(self.seeds, self.entry["point"]) if self.decides else None

    @property
    def deadline(self) -> str:
        """The deadline of the point in words."""
        return deadline(self.seeds, self.entry["point"])

    @property
    def released(self) -> str:
        """Whether the measure is released to the public, in words."""
        rows = self.seeds["policy_public_measure"].rows
        return over_time([r for r in rows if r["measure_code"] == self.code], lambda _: "yes", "no")

    @property
    def numerator(self) -> str:
        """The rule of the numerator in words."""
        return self.filled(self.entry["words"]["numerator"])

    @property
    def limits(self) -> list[str]:
        """What the measure cannot tell, each as a sentence or some."""
        return [self.filled(limit) for limit in self.entry["words"]["limits"]]

    def filled(self, text: str) -> str:
        """Return a text with the values of a threshold over time in place of its name in braces.

        The word "hours" after a name is said with each of the values.
        """

        def values(found: re.Match[str]) -> str:
            return threshold(self.seeds, found[1], lambda row: f"{row['value']}{found[2] or ''}")

        return re.sub(r"\{(\w+)\}(\s+hours)?", values, text.replace("{title}", self.title))

    @property
    def counted(self) -> list[Counted]:
        """What the records of each class add: as the measure says, or else as its kind says."""
        classes, own = self.record["classes"], self.entry["words"].get("classes", {})
        adds = {name: own.get(name, one["adds"]) for name, one in classes.items()}
        return [
            Counted(name, one["meaning"], *_IN.get(adds[name], ("no", False)))
            for name, one in classes.items()
            if adds[name] != _NONE
        ]

    @cached_property
    def policy(self) -> list[Policy]:
        """The policy that the measure rests on. Rows of a seed for the same days are one entry."""
        found = []
        for name, values in sorted(self._rests_on().items()):
            periods: dict[tuple[date, date | None, str], list[Row]] = {}
            for row in self.seeds[name].rows:
                if not values or set(values) & set(row.values()):
                    days = (row["effective_from"], row["effective_to"], row["approved_by"])
                    periods.setdefault(days, []).append(row)
            for days in sorted(periods, key=lambda days: (days[0], days[1] or date.min, days[2])):
                found.append(Policy(name, *days, periods[days]))
        return found

    def _rests_on(self) -> dict[str, list[str]]:
        """Return the values that select the policy rows of the measure, by seed."""
        item = self.entry.get("considers", {})
        rests_on = {
            **self.record["words"].get("policy", {}),
            **self.entry["words"].get("policy", {}),
        }
        found = {seed: [one.format(**item) for one in values] for seed, values in rests_on.items()}
        if self.decides:
            found.setdefault("policy_threshold", [])
            found["policy_threshold"] += [row["target_threshold"] for row in self.points]
            found["policy_point"] = [self.entry["point"]]
        return found | {"policy_public_measure": [self.code]}


def measures(project_root: Path) -> list[Measure]:
    """Return every declared measure, in the order of the declarations.

    Raises:
        AssuranceError: A seed or a declaration has a mistake.
    """
    seeds = read_seeds(project_root)
    declared = read_declared(project_root)
    return [_measure(code, declared, seeds) for code in declared.measures]


def _measure(code: str, declared: Declared, seeds: Seeds) -> Measure:
    entry = declared.measures[code]
    rows = points(seeds, entry["point"])
    if not rows:
        raise AssuranceError(f"policy_point.csv has no row for {entry['point']}: add one.")
    known = {row["name"] for row in seeds["policy_threshold"].rows} | {"title"}
    for part in ("meaning", "numerator", "denominator", "limits"):
        for name in re.findall(r"\{(\w+)\}", str(entry["words"][part])):
            if name not in known:
                what = f"{code}: {{{name}}} is none of {', '.join(sorted(known))}"
                raise declared.error(("measures", code, "words", part), what)
    is_snapshot = declared.is_snapshot(code)
    return Measure(code, entry, declared.record_of(code), is_snapshot, rows, seeds)
