"""The tables at the end of the Board's pack: changes, freshness, checks and exceptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oic_assurance.reporting.pack import words
from oic_assurance.reporting.pack.earlier import EarlierPack
from oic_assurance.reporting.pack.facts import Facts, Row
from oic_assurance.reporting.points import ORDER, POINTS
from oic_assurance.reporting.screens.layout import NOTHING, moment, share


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        head: The names of the columns.
        rows: The cells of each row, one for each column.
        empty: The sentence to show if there are no rows.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str = ""


def moved(facts: Facts, earlier: EarlierPack | None) -> Table:
    """Return a table that shows how the points have changed since the earlier pack."""
    head = ("Point", "Then", "Now", "Change", "Status then", "Status now")
    if earlier is None:
        return Table("Since the previous pack", head, [], "This is the first pack.")
    then = {row["point_code"]: row for row in earlier.position}
    return Table(
        f"Since the pack of {words.long_day(earlier.day)}",
        head,
        [
            (
                POINTS[row["point_code"]].name,
                words.figure(old),
                words.figure(row),
                words.change(old, row),
                words.status(old["status"]).word,
                words.status(row["status"]).word,
            )
            for row in sorted(facts["position"], key=lambda row: ORDER.index(row["point_code"]))
            if (old := then.get(row["point_code"])) is not None
        ],
    )


def changed(facts: Facts, earlier: EarlierPack | None) -> Table:
    """Return a table of restated figures, with one row for each figure and cause."""
    restated = facts["restatement"] if earlier is None else earlier.restated
    return Table(
        "Published figures that have changed",
        ("Measure", "Month", "Before", "Now", "Cause", "Records"),
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
    """Return a table that shows when each dataset was last delivered and is next due."""
    return Table(
        "Freshness of the sources",
        ("Dataset", "State", "Last delivery", "Next due by"),
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
    """Return a table that shows, for each quality dimension, how many checks ran and failed."""
    totals: dict[str, list[int]] = {}
    for row in facts["data_quality"]:
        total = totals.setdefault(row["dimension"], [0, 0])
        total[0] += row["expectations"]
        total[1] += row["failed"]
    return Table(
        "Checks before publication",
        ("Quality dimension", "Checks", "Failed"),
        [
            (words.sentence(dimension), f"{checks:,}", f"{failures:,}")
            for dimension, (checks, failures) in sorted(totals.items())
        ],
    )


def failed(facts: Facts) -> Table:
    """Return a table of failed checks, counted for each dataset, dimension and severity.

    These failures did not block the publication.
    """
    return Table(
        "Failed checks",
        ("Dataset", "Quality dimension", "Severity", "Failed checks"),
        [
            (
                row["dataset"],
                words.sentence(row["dimension"]),
                row["severity"],
                f"{row['failed']} of {row['expectations']}",
            )
            for row in facts["data_quality_failed"]
        ],
        "All checks passed.",
    )


def exceptions(facts: Facts) -> Table:
    """Return a table that counts open exceptions by team and kind.

    The team with the most exceptions comes first.
    """
    rows = facts["exception_by_team"]
    codes = [code for code in words.EXCEPTIONS if any(r["exception_code"] == code for r in rows)]
    teams: dict[str, dict[str, int]] = {}
    for row in rows:
        team = teams.setdefault(_team_name(row), {})
        team[row["exception_code"]] = team.get(row["exception_code"], 0) + row["exceptions"]
    ranked = sorted(teams.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return Table(
        "Open exceptions by team",
        ("Team", *(words.EXCEPTIONS[code] for code in codes), "Total"),
        [
            (team, *(str(found.get(code, "·")) for code in codes), str(sum(found.values())))
            for team, found in ranked
        ],
        "There are no open exceptions.",
    )


def _team_name(row: Row) -> str:
    if row["org_unit_code"] == "UNKNOWN":
        return "Officer not resolved"
    return str(row["org_unit_name"] or "No team")
