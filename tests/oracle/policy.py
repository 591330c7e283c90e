"""Read the policy from the rows of the seeds, and find the rows that apply on a day.

Contract: "In seeds, each row with `effective_from`, `effective_to`, `approved_by`". "First rows are
effective from 2020-01-01. Referral policy applies as on the day of contact; roles, modules and
absence as on the day evaluated." The worked examples use the contract's defaults instead of the
seeds (conftest.py).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "forces" / "northamptonshire"
FIRST_POLICY = date(2020, 1, 1)
#: "no folder, no dataset"
OPTIONAL = frozenset({"governance/board"})
Z = 1.959964

PolicyRow = Mapping[str, str]
Policy = Mapping[str, Sequence[PolicyRow]]


def read_policy(folder: Path = SEEDS) -> dict[str, list[PolicyRow]]:
    """Return the rows of every policy seed, by the name of the seed."""
    policy: dict[str, list[PolicyRow]] = {}
    for path in sorted(folder.rglob("policy_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            policy[path.stem] = list(csv.DictReader(file))
    return policy


class _Current:
    """The policy that the oracle uses, and the rows that were already found for a day."""

    def __init__(self) -> None:
        self.use(read_policy())

    def use(self, policy: Policy) -> None:
        self.policy = policy
        self.found: dict[tuple[str, date], list[PolicyRow]] = {}


current = _Current()


def applies(row: PolicyRow, first: date, last: date) -> bool:
    """Tell whether a row applies on a day from `first` to `last`.

    To days before `FIRST_POLICY`, the rows of `FIRST_POLICY` apply.
    """
    begins = date.fromisoformat(row["effective_from"])
    ends = date.fromisoformat(row["effective_to"]) if row["effective_to"] else date.max
    return begins <= max(last, FIRST_POLICY) and max(first, FIRST_POLICY) <= ends


def on(day: date, seed: str, **values: str) -> list[PolicyRow]:
    """Return the rows of a seed that apply on a day and have the given values."""
    if (seed, day) not in current.found:
        rows = current.policy[seed]
        current.found[seed, day] = [row for row in rows if applies(row, day, day)]
    found = current.found[seed, day]
    return [row for row in found if all(row[name] == value for name, value in values.items())]


def threshold(name: str, day: date) -> float:
    """Return a threshold on a day."""
    (row,) = on(day, "policy_threshold", name=name)
    return float(row["value"])


def hours(name: str, day: date) -> timedelta:
    """Return a threshold in hours on a day."""
    return timedelta(hours=threshold(name, day))


#: The points that the oracle computes. The policy may have others.
POINTS = ("NCCU_INTEL", "INTEL_PLAN", "HYDRA", "ELEARNING")


def points(today: date) -> dict[str, PolicyRow]:
    """Return the row of each of the four points that the oracle computes, by code."""
    rows = {row["point_code"]: row for row in on(today, "policy_point")}
    return {point: row for point, row in rows.items() if point in POINTS}


def deadlines(today: date) -> dict[str, date | None]:
    """Return the deadline of each point, or None if it has none."""
    return {
        code: date.fromisoformat(row["deadline"]) if row["deadline"] else None
        for code, row in points(today).items()
    }


def starts_on(point: str, today: date) -> date:
    """Return the first day of a point: the launch of its first item, or the day of its row."""
    launches = [
        date.fromisoformat(row["launched_on"])
        for row in current.policy["policy_training_item"]
        if row["point_code"] == point and applies(row, date.min, today)
    ]
    return min(launches, default=None) or date.fromisoformat(points(today)[point]["starts_on"])


def strands(day: date) -> list[str]:
    """Return the strands that need a plan on a day."""
    return [row["strand"] for row in on(day, "policy_plan_strand")]


def target_share(point: str, today: date, day: date | None = None) -> float:
    """Return the share that a point must reach today, or on an earlier day."""
    return threshold(points(today)[point]["target_threshold"], day or today)


def target(point: str, today: date) -> float:
    """Return the target of a point. Contract: "`target` (fraction, or strands)"."""
    share = target_share(point, today)
    is_strands = points(today)[point]["target_unit"] == "strands"
    return float(math.ceil(share * len(strands(today)))) if is_strands else share


def needed(role: str, day: date) -> list[PolicyRow]:
    """Return the training items that a role needs on a day, in the order of their codes."""
    codes = {row["requirement_code"] for row in on(day, "policy_role_requirement", role_code=role)}
    items = on(day, "policy_training_item")
    return sorted(
        (row for row in items if row["requirement_code"] in codes),
        key=lambda row: row["requirement_code"],
    )


def rests_on(point: str, today: date) -> list[str]:
    """Return the datasets on which a point rests.

    Contract: "`NCCU_INTEL` the two databases and personnel; `INTEL_PLAN` plans; `HYDRA` personnel
    and attendance; `ELEARNING` personnel and completions".
    """
    databases = [row["dataset"] for row in on(today, "policy_staleness", is_database="true")]
    return {
        "NCCU_INTEL": [*databases, "hr/personnel"],
        "INTEL_PLAN": ["governance/plans"],
        "HYDRA": ["hr/personnel", "hydra/attendance"],
        "ELEARNING": ["hr/personnel", "lms/completions"],
    }[point]


def assured_words(today: date) -> set[str]:
    """Return the statuses with which a party regards a point as assured, in small letters."""
    rows = on(today, "policy_voice_status", is_assured="true")
    return {row["status"].lower() for row in rows}
