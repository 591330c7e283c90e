"""The content of the national pack: which forces are known, and how they compare.

Forces stand in the order of their names everywhere. Nothing is ordered by a figure, and there is no
rank.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oic_assurance.builds.declared import unit_of
from oic_assurance.clock import london_day
from oic_assurance.formats import NOTHING, count, in_unit, long_day, moment, share
from oic_assurance.reporting.national.funnel import funnel
from oic_assurance.reporting.pack import words
from oic_assurance.reporting.pack.facts import Facts, Row, of_point
from oic_assurance.reporting.pack.tables import Table
from oic_assurance.reporting.paper.drawing import Picture
from oic_assurance.reporting.points import POINTS

#: Why a force is not known, in words for a table.
WHY_UNKNOWN = {
    "NEVER_REPORTED": "has delivered nothing",
    "REFUSED": "delivery refused",
    "INCOMPLETE": "delivery not complete",
    "INCONSISTENT": "figures contradict themselves",
    "WITHDRAWN": "newest publication rolled back",
    "LATE": "figures too old",
    "STALE_SOURCES": "sources not fresh",
}
CAUSES = {
    "LATE_RECORD": "records that arrived late",
    "CORRECTED_RECORD": "corrected records",
    "DELETED_RECORD": "deleted records",
    "RULE_CHANGE": "a changed rule",
}
METHODS = (
    "Every figure is the one that the force itself has published for the force as a whole. No "
    "record, team or person is known here. A figure is compared only if the force's delivery is "
    "whole, its publication stands, its figures are recent, and its sources were fresh. Otherwise "
    "the force is unknown, and its last figure is shown apart, with its day.",
    "The limits are exact binomial limits around the share of all compared forces of the group "
    "together, with the interpolation of Spiegelhalter (Funnel plots for comparing institutional "
    "performance, Statistics in Medicine 2005, 24:1185–1202), counted from both ends. Chance alone "
    "puts at most one force in twenty outside the 95% limits, and at most one in five hundred "
    "outside the 99.8% limits.",
    "Forces can differ more than chance explains for reasons that no figure here shows, such as "
    "other work or other records. This over-dispersion is estimated over all groups from "
    "winsorised scores (the same paper). If it is more than chance explains, the limits are "
    "widened by its square root, and the page of the point says so.",
    "There is no rank. A force outside the limits is a reason to ask, not an answer.",
)
GROUPS = (
    "The groups are in the seed national_force. The groups that the project comes with are the "
    "parts of the country, and nobody has defined them as groups of similar forces."
)
LEGEND = (
    "Each dot is a force. The line is the share of all compared forces of the group together. The "
    "dashed lines are the 95% limits, the solid ones the 99.8% limits. A triangle lies outside the "
    "95% limits, a diamond or a square outside the 99.8% limits."
)


@dataclass(frozen=True)
class PointComparison:
    """What the pack says about one assurance point.

    Attributes:
        known: A sentence that says how many forces are compared.
        spread: A sentence about over-dispersion. Empty for a point without funnels.
        pictures: One funnel for each group.
        table: The figure of each force, in the order of names.
    """

    code: str
    name: str
    question: str
    known: str
    spread: str
    pictures: Sequence[Picture]
    table: Table


@dataclass(frozen=True)
class NationalPack:
    """The content of the national pack: text, tables and charts."""

    as_at: str
    published: str
    publication_id: int
    gate: str
    code_version: str
    content_fingerprint: str
    warning: str
    answer: Sequence[str]
    unknown: Table
    legend: str
    points: Sequence[PointComparison]
    changed: Table
    sources: Table
    methods: Sequence[str]
    groups: str
    contact: Mapping[str, str | None]


def national_pack(facts: Facts, contact: Mapping[str, str | None]) -> NationalPack:
    """Return the content of the national pack from the results of its queries."""
    (publication,) = facts["publication"]
    withdrawn = publication["withdrawn_because"]
    return NationalPack(
        as_at=moment(publication["as_at"]),
        published=moment(publication["published_at"]),
        publication_id=publication["publication_id"],
        gate=publication["gate_verdict"],
        code_version=publication["code_version"],
        content_fingerprint=publication["content_fingerprint"],
        warning=(
            f"This publication was rolled back: {withdrawn.rstrip('.')}. Do not use its figures."
            if withdrawn
            else ""
        ),
        answer=answer(facts),
        unknown=unknown(facts),
        legend=LEGEND,
        points=[_point(code, facts) for code in POINTS],
        changed=changed(facts),
        sources=sources(facts),
        methods=METHODS,
        groups=GROUPS,
        contact=contact,
    )


def answer(facts: Facts) -> list[str]:
    """Return what somebody must know who reads nothing else."""
    forces = facts["force_state"]
    missing = {r["reporting_force_code"] for r in facts["position"] if r["state"] == "UNKNOWN"}
    known = len(forces) - len(missing)
    sentences = [f"{known} of {count(len(forces), 'force')} are known at every point."]
    outside = [row for row in facts["funnel"] if row["reading"] not in ("WITHIN", "NOT_COMPARED")]
    compared = [row for row in facts["funnel"] if row["reading"] != "NOT_COMPARED"]
    if compared:
        beyond = sum(row["reading"].endswith("_998") for row in outside)
        sentences.append(
            f"Of {count(len(compared), 'compared figure')}, {len(outside)} "
            f"{'lies' if len(outside) == 1 else 'lie'} outside the 95% limits of their group, "
            f"{beyond} of them outside the 99.8% limits. "
            f"Chance alone would put at most about {math.ceil(0.05 * len(compared))} outside."
        )
    restated = {
        (row["reporting_force_code"], row["force_publication_id"]) for row in facts["restatement"]
    }
    if restated:
        sentences.append(f"{count(len(restated), 'publication')} changed figures of past months.")
    return sentences


def unknown(facts: Facts) -> Table:
    """Return the forces whose figures are not shown, for all points or for some, and why."""
    of_force: dict[str, list[Row]] = {}
    for row in facts["position"]:
        if row["state"] == "UNKNOWN":
            of_force.setdefault(row["reporting_force_code"], []).append(row)
    rows = []
    for force in facts["force_state"]:
        positions = of_force.get(force["reporting_force_code"], [])
        if not positions:
            continue
        known = [row["last_as_at"] for row in positions if row["last_as_at"] is not None]
        names = [
            POINTS[code].name for code in POINTS if code in {r["point_code"] for r in positions}
        ]
        rows.append(
            (
                force["force_name"],
                WHY_UNKNOWN[force["why_unknown"] or positions[0]["why_unknown"]],
                "all" if len(names) == len(POINTS) else ", ".join(names),
                long_day(london_day(max(known))) if known else NOTHING,
            )
        )
    return Table(
        "Forces that are not known",
        ("Force", "Why", "Points", "Last figures of"),
        rows,
        "Every force is known.",
    )


def changed(facts: Facts) -> Table:
    """Return the figures of past months that forces have changed, with the causes."""
    return Table(
        "Figures of past months that forces have changed",
        ("Force", "Measure", "Month", "Was", "Is", "Because of"),
        [
            (
                row["force_name"],
                row["measure_label"] or row["measure_code"],
                f"{row['period_start']:%B %Y}",
                in_unit(row["value_before"], unit_of(row["measure_code"])),
                in_unit(row["value_after"], unit_of(row["measure_code"])),
                CAUSES[row["cause"]],
            )
            for row in facts["restatement"]
            if unit_of(row["measure_code"]) != "hours"
        ],
        "No force has changed a figure of a past month.",
    )


def sources(facts: Facts) -> Table:
    """Return the datasets that are not fresh, of the forces whose figures are known."""
    return Table(
        "Sources of forces that are not fresh",
        ("Force", "Dataset", "State", "Last delivery for"),
        [
            (
                row["force_name"],
                row["source_dataset"],
                row["verdict"],
                moment(row["last_record_at"]),
            )
            for row in facts["source"]
        ],
        "All sources of the forces that are known are fresh.",
    )


def _point(code: str, facts: Facts) -> PointComparison:
    positions = of_point(facts["position"], code)
    funnels = of_point(facts["funnel"], code)
    groups = of_point(facts["comparison_group"], code)
    point = POINTS[code]
    pictures = [
        funnel(
            group["group_name"],
            _of_group("funnel", group["comparison_group"], code, facts),
            _of_group("funnel_limit", group["comparison_group"], code, facts),
        )
        for group in groups
        if funnels
    ]
    known = sum(row["state"] == "REPORTED" for row in positions)
    return PointComparison(
        code=code,
        name=point.name,
        question=positions[0]["point_label"] if positions else point.name,
        known=f"{known} of {count(len(positions), 'force')} are known.",
        spread=spread(groups) if funnels else "A number of three strands has no funnel.",
        # A group without limits has only words, which would leave a hole between the drawings.
        pictures=sorted(pictures, key=lambda one: not one.svg),
        table=_table(code, positions),
    )


def _of_group(name: str, group: str, code: str, facts: Facts) -> list[Row]:
    return [row for row in of_point(facts[name], code) if row["comparison_group"] == group]


def spread(groups: Sequence[Row]) -> str:
    """Return whether the forces differ more than chance explains, and what was done about it."""
    found = next((row for row in groups if row["over_dispersion"] is not None), None)
    if found is None or found["over_dispersion"] == "NOT_ESTIMATED":
        return "Too few forces are compared to tell whether they differ more than chance explains."
    phi = f"{found['phi']:.2f}"
    most = f"{found['phi_by_chance']:.2f}"
    if found["over_dispersion"] == "NONE":
        return (
            f"The forces do not differ more than chance explains (φ = {phi}, by chance up to "
            f"{most}). The limits are those of chance alone."
        )
    return (
        f"The forces differ more than chance explains (φ = {phi}, by chance up to {most}). The "
        f"limits are {found['phi'] ** 0.5:.1f} times as wide as those of chance alone."
    )


def _table(code: str, positions: Sequence[Row]) -> Table:
    is_checklist = POINTS[code].is_checklist
    head: tuple[str, ...] = ("Force", "Figure", "Number", "Status", "What to know")
    rows = []
    for row in positions:
        caveat = row["caveat"] or NOTHING
        if row["state"] == "UNKNOWN":
            last = _last(row, is_checklist=is_checklist)
            caveat = f"{WHY_UNKNOWN[row['why_unknown']]}{last}"
        number = (
            NOTHING
            if row["denominator"] is None
            else f"{row['numerator']:,}/{row['denominator']:,}"
        )
        figure = f"{row['numerator']} met" if is_checklist and row["value"] is not None else None
        cells = [
            row["force_name"],
            figure or share(row["value"]),
            number,
            words.status(row["status"]).word,
            caveat,
        ]
        rows.append(tuple(cells))
    return Table("The figures of the forces, by name", head, rows)


def _last(row: Row, *, is_checklist: bool) -> str:
    if row["last_value"] is None:
        return ""
    figure = f"{row['last_numerator']} met" if is_checklist else share(row["last_value"])
    day = long_day(london_day(row["last_as_at"]))
    return f"; its last figure is {figure} of {day}"
