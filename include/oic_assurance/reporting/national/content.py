"""The content of the national pack: which forces are known, and how they compare.

Forces stand in the order of their names everywhere. Nothing is ordered by a figure, and there is no
rank.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from oic_assurance.builds.declared import unit_of
from oic_assurance.clock import london_day
from oic_assurance.formats import NOTHING, count, in_unit, long_day, moment, share
from oic_assurance.reporting.national.funnel import READINGS, funnel
from oic_assurance.reporting.pack.content import about
from oic_assurance.reporting.pack.facts import Facts, Row, of_point
from oic_assurance.reporting.paper.document import Document, Pictures, Section, Table, Text
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.points import POINTS

WORDS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("words.yml").read_text("utf-8"))


def national_pack(facts: Facts, contact: Mapping[str, str | None]) -> Document:
    """Return the content of the national pack from the results of its queries."""
    (publication,) = facts["publication"]
    withdrawn = publication["withdrawn_because"]
    as_at = moment(publication["as_at"])
    first, *sentences = answer(facts)
    verdict, *whom = about(publication, contact, "")
    return Document(
        name="How the forces compare",
        heading="How do the forces compare?",
        body="The forces of England and Wales",
        about="The response to organised immigration crime",
        as_at=as_at,
        publication=publication["publication_id"],
        warning=(
            f"This publication was rolled back: {withdrawn.rstrip('.')}. Do not use its figures."
            if withdrawn
            else ""
        ),
        answer=first,
        sentences=sentences,
        first=[
            Section("The points", "points", [points(facts)]),
            Section("Forces that are not known", "unknown", [unknown(facts)]),
            Section(
                "How to read the plots",
                "methods",
                [Text(WORDS["legend"]), *map(Text, WORDS["methods"])],
            ),
        ],
        sections=[
            *(_point(code, facts) for code in POINTS),
            Section("What changed, and why", "changes", [changed(facts)]),
            Section("Quality", "data", [verdict, sources(facts), whom[-1]]),
        ],
        foot=f"How the forces compare, as at {as_at}. Publication {publication['publication_id']}.",
    )


def answer(facts: Facts) -> list[str]:
    """Return what somebody must know who reads nothing else."""
    forces = facts["force_state"]
    missing = {r["reporting_force_code"] for r in facts["position"] if r["state"] == "UNKNOWN"}
    gone = [row["force_name"] for row in forces if row["state"] == "WITHDRAWN"]
    listed = len(forces) - len(gone)
    sentences = [
        f"{listed - len(missing)} of {count(listed, 'force')} are known at every point.",
        *([f"Withdrawn from the national view: {', '.join(gone)}."] if gone else []),
    ]
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


def points(facts: Facts) -> Table:
    """Return how many forces are known at each point, and which lie outside the 95% limits."""

    def outside(row: Row) -> str:
        names = [
            f"{one['force_name']} ({READINGS[one['reading']][0]})"
            for one in of_point(facts["funnel"], row["code"])
            if one["reading"] not in ("WITHIN", "NOT_COMPARED")
        ]
        return ", ".join(names) or "none"

    def known(row: Row) -> str:
        positions = of_point(facts["position"], row["code"])
        return f"{sum(one['state'] == 'REPORTED' for one in positions)} of {len(positions)}"

    return Table.of(
        "The points",
        [{"code": code, "name": point.name} for code, point in POINTS.items()],
        {"Point": "name", "Known forces": known, "Outside the limits of their group": outside},
        widths=(1.2, 0.8, 3),
    )


def unknown(facts: Facts) -> Table:
    """Return the forces whose figures are not shown, for all points or for some, and why.

    A force that was withdrawn has no position. Its caveat says since when, and why.

    Forces with the same reason, points and day of their last figures share a row.
    """
    of_force: dict[str, list[Row]] = {}
    for row in facts["position"]:
        if row["state"] == "UNKNOWN":
            of_force.setdefault(row["reporting_force_code"], []).append(row)
    alike: dict[tuple[str, str, str], list[str]] = {}
    for force in facts["force_state"]:
        positions = of_force.get(force["reporting_force_code"])
        if force["state"] == "WITHDRAWN":
            alike.setdefault((force["caveat"], "all", NOTHING), []).append(force["force_name"])
            continue
        if positions is None:
            continue
        known = [row["last_as_at"] for row in positions if row["last_as_at"] is not None]
        codes = {row["point_code"] for row in positions}
        names = [point.name for code, point in POINTS.items() if code in codes]
        what = (
            WORDS["why_unknown"][force["why_unknown"] or positions[0]["why_unknown"]],
            "all" if len(names) == len(POINTS) else ", ".join(names),
            long_day(london_day(max(known))) if known else NOTHING,
        )
        alike.setdefault(what, []).append(force["force_name"])
    return Table(
        "Forces that are not known",
        ("Forces", "Why", "Points", "Last figures of"),
        [(", ".join(names), *what) for what, names in alike.items()],
        "Every force is known.",
        (3, 1.3, 1.2, 1),
    )


def changed(facts: Facts) -> Table:
    """Return the figures of past months that forces have changed, with the causes."""

    def value(name: str) -> Callable[[Row], str]:
        def shown(row: Row) -> str:
            # The unit of a measure that only the newer code of a force has is not known here.
            if row["measure_label"] is None and row[name] is not None:
                return f"{row[name]:,.2f}"
            return in_unit(row[name], unit_of(row["measure_code"]))

        return shown

    return Table.of(
        "Figures of past months that forces have changed",
        [row for row in facts["restatement"] if unit_of(row["measure_code"]) != "hours"],
        {
            "Force": "force_name",
            "Measure": lambda row: row["measure_label"] or row["measure_code"],
            "Month": lambda row: f"{row['period_start']:%B %Y}",
            "Was": value("value_before"),
            "Is": value("value_after"),
            "Cause": lambda row: labels("cause")[row["cause"]],
        },
        empty="No force has changed a figure of a past month.",
        widths=(1.3, 2, 1, 0.6, 0.6, 1.4),
    )


def sources(facts: Facts) -> Table:
    """Return the datasets that are not fresh, of the forces whose figures are known."""
    return Table.of(
        "Sources of forces that are not fresh",
        facts["source"],
        {
            "Force": "force_name",
            "Dataset": "source_dataset",
            "State": lambda row: labels("source_status").get(row["verdict"], row["verdict"]),
            "Newest record": lambda row: moment(row["last_record_at"]),
        },
        empty="All sources of the forces that are known are fresh.",
        widths=(1.3, 1.5, 0.8, 1.5),
    )


def _point(code: str, facts: Facts) -> Section:
    """Return what the pack says about one assurance point, with a funnel for each group."""
    positions = of_point(facts["position"], code)
    funnels = of_point(facts["funnel"], code)
    groups = of_point(facts["comparison_group"], code)
    pictures = [
        funnel(
            group["group_name"],
            _of_group("funnel", group["comparison_group"], code, facts),
            _of_group("funnel_limit", group["comparison_group"], code, facts),
            WORDS["not_compared"],
        )
        for group in groups
        if funnels
    ]
    known = sum(row["state"] == "REPORTED" for row in positions)
    told = spread(groups) if funnels else "A number of three strands has no funnel."
    drawn = [one for one in pictures if one.svg]
    return Section(
        POINTS[code].name,
        code,
        [
            Text(f"{known} of {count(len(positions), 'force')} are known. {told}"),
            *([Pictures(drawn)] if drawn else []),
            # A group without limits has only words, which would leave a hole between the drawings.
            *(Text(one.text, f"{one.title}.") for one in pictures if not one.svg),
            _table(code, positions),
        ],
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

    def figure(numerator: int | None, value: float | None) -> str:
        return f"{numerator} met" if is_checklist and value is not None else share(value)

    def caveat(row: Row) -> str:
        if row["state"] != "UNKNOWN":
            return row["caveat"] or NOTHING
        why: str = WORDS["why_unknown"][row["why_unknown"]]
        if row["last_value"] is None:
            return why
        last = figure(row["last_numerator"], row["last_value"])
        return f"{why}; its last figure is {last} of {long_day(london_day(row['last_as_at']))}"

    return Table.of(
        "The figures of the forces, by name",
        positions,
        {
            "Force": "force_name",
            "Figure": lambda row: figure(row["numerator"], row["value"]),
            "Number": lambda row: (
                NOTHING
                if row["denominator"] is None
                else f"{row['numerator']:,}/{row['denominator']:,}"
            ),
            "Status": lambda row: labels("status")[row["status"] or "unknown"],
            "What to know": caveat,
        },
        widths=(1.4, 0.6, 0.8, 0.9, 2.4),
    )
