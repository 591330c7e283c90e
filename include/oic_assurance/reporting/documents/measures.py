"""Read the measures as their pages describe them: declarations, and rows of the policy seeds."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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

_BOTH, _DENOMINATOR, _NONE = "both", "denominator", "none"


@dataclass(frozen=True)
class Counted:
    """What the records of one class add to a measure."""

    name: str
    meaning: str
    in_numerator: bool
    in_denominator: bool


@dataclass(frozen=True)
class Policy:
    """What one or several rows of a policy seed say, for the days from `since` to `until`."""

    seed: str
    since: date
    until: date | None
    words: str
    approved_by: str


@dataclass(frozen=True)
class Change:
    """A change of a measure's definition in the code, and the day on which it was made."""

    day: date
    what: str


@dataclass(frozen=True)
class Measure:
    """A measure, as its page describes it.

    Attributes:
        points: The rows of its point in the seed `policy_point`. Each names the measure that
            decides the status of the point, and the second reading, if there is one.
        target: The target of the point in words. It is None for a measure that is neither the first
            nor the second of its point.
        deadline: The deadline of the point in words.
        released: Whether the measure is released to the public, in words.
        relation: The dbt model with the records that the measure counts.
    """

    code: str
    point_code: str
    title: str
    description: str
    unit: str
    more_is_better: bool
    is_snapshot: bool
    may_be_added_up: bool
    points: Sequence[Row]
    target: str | None
    deadline: str
    released: str
    meaning: str
    numerator: str
    denominator: str
    month: str
    team: str
    counted: tuple[Counted, ...]
    besides: tuple[str, ...]
    limits: tuple[str, ...]
    relation: str
    policy: tuple[Policy, ...]
    history: tuple[Change, ...]


def measures(project_root: Path) -> list[Measure]:
    """Return every declared measure, in the order of the declarations.

    Raises:
        AssuranceError: A seed or a declaration has a mistake.
    """
    seeds = read_seeds(project_root)
    declared = read_declared(project_root)
    return [_measure(code, declared, seeds) for code in declared.measures]


def _measure(code: str, declared: Declared, seeds: Seeds) -> Measure:
    entry, record = declared.measures[code], declared.record_of(code)
    words, of_record = entry["words"], record["words"]
    rows = points(seeds, entry["point"])
    if not rows:
        raise AssuranceError(f"policy_point.csv has no row for {entry['point']}: add one.")
    named = {one for row in rows for one in (row["measure_code"], row["second_measure_code"])}
    is_snapshot = declared.is_snapshot(code)

    def filled(text: str) -> str:
        return _filled(text.replace("{title}", entry["title"]), seeds)

    known = {row["name"] for row in seeds["policy_threshold"].rows} | {"title"}
    for part in ("meaning", "numerator", "denominator", "limits"):
        for name in re.findall(r"\{(\w+)\}", str(words[part])):
            if name not in known:
                what = f"{code}: {{{name}}} is none of {', '.join(sorted(known))}"
                raise declared.error(("measures", code, "words", part), what)
    return Measure(
        code=code,
        point_code=entry["point"],
        title=entry["title"],
        description=entry["description"],
        unit=entry["unit"],
        more_is_better=entry["better"] == "more",
        is_snapshot=is_snapshot,
        may_be_added_up=entry["unit"] != "hours" and not is_snapshot,
        points=rows,
        target=target(seeds, entry["point"]) if code in named else None,
        deadline=deadline(seeds, entry["point"]),
        released=_released(seeds, code),
        meaning=filled(words["meaning"]),
        numerator=filled(words["numerator"]),
        denominator=filled(words["denominator"]),
        month=of_record["month"],
        team=of_record["team"],
        counted=_counted(record["classes"], words.get("classes", {})),
        besides=tuple(of_record.get("besides", ())),
        limits=tuple(filled(limit) for limit in words["limits"]),
        relation=record["relation"],
        policy=tuple(_policy(code, _rests_on(entry, record, rows if code in named else ()), seeds)),
        history=tuple(
            Change(date.fromisoformat(change["day"]), change["what"]) for change in words["history"]
        ),
    )


def _filled(text: str, seeds: Seeds) -> str:
    """Return a text with the values of a threshold over time in place of its name in braces.

    The word "hours" after a name is said with each of the values.
    """

    def values(found: re.Match[str]) -> str:
        return threshold(seeds, found[1], lambda row: f"{row['value']}{found[2] or ''}")

    return re.sub(r"\{(\w+)\}(\s+hours)?", values, text)


def _released(seeds: Seeds, code: str) -> str:
    rows = [row for row in seeds["policy_public_measure"].rows if row["measure_code"] == code]
    return over_time(rows, lambda _: "yes", otherwise="no")


def _counted(
    classes: Mapping[str, Mapping[str, str]], of_measure: Mapping[str, str]
) -> tuple[Counted, ...]:
    """Return what the records of each class add: as the measure says, or else as its kind says."""
    adds = {name: of_measure.get(name, one["adds"]) for name, one in classes.items()}
    return tuple(
        Counted(name, one["meaning"], adds[name] == _BOTH, adds[name] in (_BOTH, _DENOMINATOR))
        for name, one in classes.items()
        if adds[name] != _NONE
    )


def _rests_on(
    entry: Mapping[str, Any], record: Mapping[str, Any], points: Sequence[Row]
) -> dict[str, list[str]]:
    """Return the values that select the policy rows of a measure, by seed.

    `points` holds the rows of its point if the measure decides its status or is its other reading.
    """
    policy = {**record["words"].get("policy", {}), **entry["words"].get("policy", {})}
    item = entry.get("considers", {})
    selected = {seed: [value.format(**item) for value in values] for seed, values in policy.items()}
    if points:
        thresholds = [
            *selected.get("policy_threshold", ()),
            *(p["target_threshold"] for p in points),
        ]
        selected["policy_threshold"] = thresholds
        selected["policy_point"] = [entry["point"]]
    return selected


def _policy(code: str, rests_on: Mapping[str, Sequence[str]], seeds: Seeds) -> list[Policy]:
    """Return the policy that a measure rests on. Rows of a seed for the same days are one entry."""
    found = []
    for name, values in sorted({**rests_on, "policy_public_measure": [code]}.items()):
        periods: dict[tuple[date, date | None, str], list[Row]] = {}
        for row in seeds[name].rows:
            if not values or set(values) & set(row.values()):
                days = (row["effective_from"], row["effective_to"], row["approved_by"])
                periods.setdefault(days, []).append(row)
        for days in sorted(periods, key=lambda days: (days[0], days[1] or date.min, days[2])):
            since, until, approved_by = days
            found.append(Policy(name, since, until, _said(name, periods[days]), approved_by))
    return found


def _said(seed: str, rows: Sequence[Row]) -> str:
    """Return in words what rows of a seed say."""
    said: Mapping[str, Callable[[Row], str]] = {
        "policy_absence": lambda row: f"`{row['absence_status']}` is a long-term absence",
        "policy_document_type": lambda row: f"`{row['document_type_code']}` is required",
        "policy_plan_strand": lambda row: f"`{row['strand']}` needs a plan",
        "policy_point": _said_of_point,
        "policy_public_measure": lambda row: f"released, counted as {row['counted_as']}",
        "policy_role_requirement": lambda row: f"`{row['role_code']}`",
        "policy_threshold": lambda row: f"`{row['name']}` is {row['value']}",
        "policy_training_item": _said_of_item,
        "policy_grading": lambda row: f"`{row['grading_scheme']}`",
    }
    texts = ", ".join(dict.fromkeys(said[seed](row) for row in rows))
    heads = {"policy_role_requirement": "needed by ", "policy_grading": "valid values of "}
    return heads.get(seed, "") + texts


def _said_of_point(row: Row) -> str:
    deadline = row["deadline"] or "none"
    return (
        f"status by `{row['measure_code']}`, second reading "
        f"`{row['second_measure_code'] or 'none'}`, target `{row['target_threshold']}`, "
        f"deadline {deadline}"
    )


def _said_of_item(row: Row) -> str:
    version = f" version {row['module_version']}" if row["module_version"] else ""
    return f"`{row['requirement_code']}`{version}, launched on {row['launched_on']}"
