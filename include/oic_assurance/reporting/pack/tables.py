"""The tables at the end of the pack: what changed and why, what waits, what the data are worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oic_assurance.reporting.pack import words
from oic_assurance.reporting.pack.facts import Facts, Row
from oic_assurance.reporting.pack.memory import Before
from oic_assurance.reporting.screens.layout import NOTHING, moment, share


@dataclass(frozen=True)
class Table:
    """A table with its title; figures as text."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str = ""


def moved(facts: Facts, before: Before | None) -> Table:
    """Return how the four points moved since the pack that this one is compared with."""
    head = ("Point", "Then", "Now", "What moved it", "Status then", "Status now")
    if before is None:
        return Table(
            "Since the pack before", head, [], "This is the first pack that was made here."
        )
    then = {row["point_code"]: row for row in before.position}
    return Table(
        f"Since the pack of {words.long_day(before.day)}",
        head,
        [
            (
                words.POINTS[row["point_code"]],
                words.figure(old),
                words.figure(row),
                words.moved(old, row),
                words.status(old["status"]).word,
                words.status(row["status"]).word,
            )
            for row in facts["position"]
            if (old := then.get(row["point_code"])) is not None
        ],
    )


def changed(facts: Facts, before: Before | None) -> Table:
    """Return the restated figures, with the cause of each."""
    restated = facts["restatement"] if before is None else before.restated
    return Table(
        "Figures already published that are others now",
        ("Measure", "Month", "Before", "Now", "Because of", "Records"),
        [
            (
                row["title"],
                words.month(words.as_day(row["period_start"])),
                _value(row, row["value_before"]),
                _value(row, row["value_after"]),
                words.CAUSES[row["cause"]],
                f"{row['record_count']:,}",
            )
            for row in restated
        ],
        "None.",
    )


def _value(row: Row, value: Any) -> str:
    if value is None:
        return NOTHING
    return share(float(value)) if row["unit_of_value"] == "share" else f"{float(value):.1f} hours"


def freshness(facts: Facts) -> Table:
    """Return each source with its state and when it is due again."""
    return Table(
        "How fresh the sources are",
        ("Dataset", "State", "Last delivery", "Due again by"),
        [
            (
                row["dataset"],
                row["verdict"] + (f": {row['reason']}" if row["reason"] else ""),
                moment(row["last_landed_at"]),
                moment(row["due_by"]),
            )
            for row in facts["freshness"]
        ],
    )


def quality(facts: Facts) -> Table:
    """Return how much was checked, by what the checks protect."""
    totals: dict[str, list[int]] = {}
    for row in facts["data_quality"]:
        total = totals.setdefault(row["dimension"], [0, 0])
        total[0] += row["expectations"]
        total[1] += row["failed"]
    return Table(
        "What was checked before this was published",
        ("What is protected", "Checks", "Not met"),
        [
            (words.sentence(dimension), f"{checks:,}", f"{failed:,}")
            for dimension, (checks, failed) in sorted(totals.items())
        ],
    )


def broken(facts: Facts) -> Table:
    """Return what was published although a check was not met."""
    return Table(
        "What was not met",
        ("Dataset", "What is protected", "Severity", "Checks not met"),
        [
            (
                row["dataset"],
                words.sentence(row["dimension"]),
                row["severity"],
                f"{row['failed']} of {row['expectations']}",
            )
            for row in facts["data_quality_failed"]
        ],
        "Every check was met.",
    )


def exceptions(facts: Facts) -> Table:
    """Return how much waits in each team, by kind: numbers, and nobody's identity."""
    rows = facts["exception_by_team"]
    codes = [code for code in words.EXCEPTIONS if any(r["exception_code"] == code for r in rows)]
    teams: dict[str, dict[str, int]] = {}
    for row in rows:
        team = teams.setdefault(_team_name(row), {})
        team[row["exception_code"]] = team.get(row["exception_code"], 0) + row["exceptions"]
    ranked = sorted(teams.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return Table(
        "What waits for somebody to act, by team",
        ("Team", *(words.EXCEPTIONS[code] for code in codes), "All"),
        [
            (team, *(str(found.get(code, "·")) for code in codes), str(sum(found.values())))
            for team, found in ranked
        ],
        "Nothing waits.",
    )


def _team_name(row: Row) -> str:
    if row["org_unit_code"] == "UNKNOWN":
        return "Officer not resolved"
    return str(row["org_unit_name"] or "No team")
