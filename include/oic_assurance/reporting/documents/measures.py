"""Read the measures: their rows in the policy seeds, and what `measures.yml` says in words."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from oic_assurance.builds.seeds import Row, Seeds, read_seeds
from oic_assurance.errors import AssuranceError
from oic_assurance.reporting.documents.over_time import (
    deadline,
    over_time,
    points,
    target,
    threshold,
)
from oic_assurance.sources.declarations.yaml_lines import load_yaml

_WORDS = Path(__file__).with_name("measures.yml")
_BOTH, _DENOMINATOR, _NOTHING = "both", "denominator", "nothing"


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
        decided_by: The dbt models that decide about each record, before the records are counted.
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
    decided_by: tuple[str, ...]
    policy: tuple[Policy, ...]
    history: tuple[Change, ...]


def measures(project_root: Path) -> list[Measure]:
    """Return every measure of the seed `policy_measure`, in the order of the seed.

    Raises:
        AssuranceError: A seed has a mistake, or `measures.yml` lacks a measure, or describes one
            that does not exist.
    """
    seeds = read_seeds(project_root)
    text = _WORDS.read_text(encoding="utf-8")
    words = load_yaml(text)["measures"]
    rows = seeds["policy_measure"].rows
    codes = [row["measure_code"] for row in rows]
    if missing := [code for code in codes if code not in words]:
        raise AssuranceError(f"{_WORDS.name}: no entry for {missing[0]}: add one.")
    if unknown := sorted(set(words) - set(codes)):
        raise AssuranceError(f"{_WORDS.name}: policy_measure.csv has no {unknown[0]}: remove it.")
    return [_measure(row, words[row["measure_code"]], seeds) for row in rows]


def _measure(row: Row, words: Mapping[str, Any], seeds: Seeds) -> Measure:
    code, point_code = row["measure_code"], row["point_code"]
    rows = points(seeds, point_code)
    if not rows:
        raise AssuranceError(f"policy_point.csv has no row for {point_code}: add one.")
    named = {code for one in rows for code in (one["measure_code"], one["second_measure_code"])}

    def filled(text: str) -> str:
        return _filled(text.replace("{title}", row["title"]), seeds)

    return Measure(
        code=code,
        point_code=point_code,
        title=row["title"],
        description=row["description"],
        unit=row["unit_of_value"],
        more_is_better=row["more_is_better"],
        is_snapshot=row["is_snapshot"],
        may_be_added_up=row["may_be_added_up"],
        points=rows,
        target=target(seeds, point_code) if code in named else None,
        deadline=deadline(seeds, point_code),
        released=_released(seeds, code),
        meaning=filled(words["meaning"]),
        numerator=filled(words["numerator"]),
        denominator=filled(words["denominator"]),
        month=words["month"],
        team=words["team"],
        counted=_counted(words["classes"], seeds),
        besides=tuple(words["besides"]) if "besides" in words else (),
        limits=tuple(filled(limit) for limit in words["limits"]),
        decided_by=tuple(words["decided_by"]),
        policy=tuple(_policy(code, words["policy"], seeds)),
        history=tuple(Change(change["day"], change["what"]) for change in words["history"]),
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


def _counted(classes: Mapping[str, str], seeds: Seeds) -> tuple[Counted, ...]:
    meanings = {row["class"]: row["meaning"] for row in seeds["record_class"].rows}
    if missing := sorted(set(classes) - set(meanings)):
        raise AssuranceError(f"record_class.csv has no row for {missing[0]}: add one.")
    return tuple(
        Counted(name, meanings[name], adds == _BOTH, adds in (_BOTH, _DENOMINATOR))
        for name, adds in classes.items()
    )


def _policy(code: str, rests_on: Mapping[str, Sequence[str]], seeds: Seeds) -> list[Policy]:
    """Return the policy that a measure rests on. Rows of a seed for the same days are one entry."""
    selected = {name: list(values) for name, values in rests_on.items() if name != "thresholds"}
    if rests_on.get("thresholds"):
        selected["policy_threshold"] = list(rests_on["thresholds"])
    selected["policy_public_measure"] = [code]
    found = []
    for name, values in sorted(selected.items()):
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
