"""Write the pages of a release: the figures, their quality, and the notice of a withdrawal."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from oic_assurance.formats import long_day, moment, month, share, short_day
from oic_assurance.publishing.releases import Release, ReleaseContent, Row
from oic_assurance.reporting.paper import page
from oic_assurance.reporting.paper.document import Picture, Table
from oic_assurance.reporting.paper.drawing import DARK, LIGHT, data, share_axis, svg, time_axis
from oic_assurance.reporting.paper.labels import labels
from oic_assurance.reporting.paper.shapes import shape_of
from oic_assurance.reporting.points import POINTS, place
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.dataset import NAME as DATASET
from oic_assurance.reporting.release.publisher import shown
from oic_assurance.reporting.release.tables import Table as ReleaseTable

NAME, QUALITY = "index.html", "quality.html"
#: What each file of a release is, keyed by the end of its name, and its format.
_KINDS = {
    ".xlsx": ("All tables as an accessible spreadsheet", "XLSX"),
    "csv-metadata.json": ("Meaning of the tables and columns, for programs", "CSVW (JSON)"),
    ".jsonld": ("Description for catalogues", "schema.org (JSON-LD)"),
    QUALITY: ("Methods, quality and revision policy", "HTML"),
}


def release_page(
    tables: Sequence[ReleaseTable],
    content: ReleaseContent,
    texts: Mapping[str, Any],
    sizes: Mapping[str, int],
) -> bytes:
    """Return the page of a release. `sizes` maps the other files' names to their sizes in bytes."""
    by_name = {table.name: table for table in tables}
    positions = sorted(
        by_name["assurance_position"].rows,
        key=lambda row: (place(row["point_code"]), row["force_code"]),
    )
    targets = {row["point_code"]: row["target"] for row in positions}
    periods, totals = by_name["assurance_period"].rows, by_name["assurance_total"].rows
    return _render(
        "release.html.j2",
        content,
        texts,
        description=DATASET,
        as_at=moment(content.as_at),
        summary=wording.summary(content),
        cards=[_card(row) for row in positions],
        pictures=[_picture(periods, code, targets) for code in _drawn(periods)],
        totals=_totals(totals),
        withheld=_withheld(by_name["assurance_withheld"].rows),
        example=_example(positions),
        markers=labels("marker"),
        news=wording.news(content),
        revisions=_revisions(by_name["assurance_revision"].rows, content),
        files=[_file(name, sizes[name], by_name, content) for name in sorted(sizes, key=_order)],
    )


def quality_page(content: ReleaseContent, texts: Mapping[str, Any]) -> bytes:
    """Return the page on methods, quality, revisions and the Code of Practice."""
    return _render("quality.html.j2", content, texts)


def withdrawn_page(release: Release, standing: Release | None) -> bytes:
    """Return the notice with the reason. `standing` is the release that stands now, if any."""
    return page.render(
        wording.TEMPLATES / "withdrawn.html.j2",
        release=release,
        made=long_day(release.made_at),
        withdrawn=long_day(release.withdrawn_at),
        standing=standing,
        standing_made=long_day(standing.made_at) if standing else "",
        publisher=release.notes["publisher"],
    ).encode()


def _render(template: str, content: ReleaseContent, texts: Mapping[str, Any], **more: Any) -> bytes:
    publisher = content.notes["publisher"]
    return page.render(
        wording.TEMPLATES / template,
        texts=texts,
        release=content,
        force=wording.force(content),
        is_draft=wording.is_draft(content),
        made=long_day(wording.released_on(content)),
        next_release=wording.next_release(publisher),
        announced=wording.announced(content),
        publisher=publisher,
        entries=shown(publisher),
        fresh=wording.fresh(content),
        measures=wording.released(),
        **more,
    ).encode()


def _card(row: Row) -> dict[str, Any]:
    """Return the summary of a point, as text. What there is not is empty."""
    point, is_hidden = POINTS[row["point_code"]], row["is_suppressed"]
    figure = "" if is_hidden else wording.figure(row)
    head, _, parts = figure.partition(", ")
    return {
        "name": point.name,
        "question": point.question,
        "shape": shape_of(row["status"], row["answer_code"]),
        "answer": row["answer"],
        "status": wording.status(row),
        "figure": head,
        "parts": "Withheld: the numbers are too small to publish."
        if is_hidden
        else f"{parts} {point.unit}".strip(),
        "target": wording.target(row),
        "second": _second(row),
        "is_provisional": not row["policy_confirmed"],
        "interval": _interval(row),
        "time": wording.time_of(
            wording.main_measure(row["point_code"]), row["figures_from"], row["figures_to"]
        )
        if row["figures_to"]
        else "",
        "deadline": long_day(row["deadline"]) if row["deadline"] else "None: every case counts",
        "source": labels("source_status")[row["source_status"]],
        "left_out": wording.left_out(row),
    }


def _second(row: Row) -> str:
    """Return the second reading of a figure in words. It is empty if there is none."""
    if row["second_reading"] is None:
        return ""
    what = wording.measure(row["second_reading"])
    if row["second_value"] is None:
        return f"{what}: withheld, so that nobody can be identified"
    parts = f"{row['second_numerator']:,} of {row['second_denominator']:,}"
    return f"{what}: {share(row['second_value'])} ({parts})"


def _interval(row: Row) -> str:
    return "" if row["ci_low"] is None else f"{share(row['ci_low'])} to {share(row['ci_high'])}"


def _example(positions: Sequence[Row]) -> str:
    """Return how to read an interval, with the first share of this release as the example."""
    return next(
        (
            f"For example, {row['numerator']:,} of {row['denominator']:,} is "
            f"{share(row['value'])}, with an interval from {_interval(row)}."
            for row in positions
            if row["ci_low"] is not None
        ),
        "",
    )


def _drawn(periods: Sequence[Row]) -> list[str]:
    """Return the released measures with a chart: all but those of a checklist."""
    points = {row["measure_code"]: row["point_code"] for row in periods}
    return [
        code
        for code in wording.released()
        if code not in points or not POINTS[points[code]].is_checklist
    ]


def _picture(periods: Sequence[Row], code: str, targets: Mapping[str, float | None]) -> Picture:
    """Return a chart of the force's released figures for a measure, with one bar per period."""
    title = wording.measure(code)
    rows = [row for row in periods if row["measure_code"] == code and row["org_unit_code"] == "ALL"]
    days = ("At the end of",) if wording.is_of_a_day(code) else ("From", "To")
    head = (*days, "Share", "Number of total", "95% interval")
    if not rows:
        return Picture(title, "No figure has been released yet.", "", head, ())
    point, last = rows[0]["point_code"], rows[-1]
    target = targets.get(point) if wording.main_measure(point) == code else None
    aim = f" The dashed line is the target, {target * 100:g}%." if target is not None else ""
    bars = (
        "A bar is a month, and the people are those at its end."
        if wording.is_of_a_day(code)
        else "The length of a bar is the period that it covers."
    )
    time = wording.time_of(code, last["period_start"], last["period_end"])
    text = f"{wording.figure(last)}, {time}.{aim} {bars}"
    return Picture(title, text, _drawing(rows, target), head, [_row(row) for row in rows])


def _row(row: Row) -> Sequence[str]:
    days = (
        (month(row["period_end"]),)
        if wording.is_of_a_day(row["measure_code"])
        else (short_day(row["period_start"]), short_day(row["period_end"]))
    )
    return (*days, *_numbers(row))


def _numbers(row: Row) -> Sequence[str]:
    return (
        "[z]" if row["value"] is None else share(row["value"]),
        f"{row['numerator']:,} of {row['denominator']:,}",
        _interval(row) or "[z]",
    )


def _drawing(rows: Sequence[Row], target: float | None) -> str:
    base = alt.Chart(data(rows)).encode(
        x=time_axis("period_start"), x2="period_end:T", y=share_axis("value")
    )
    layers = [
        base.mark_bar(color=LIGHT, y2=alt.ExprRef("height")),
        base.mark_rule(color=DARK, strokeWidth=3),
    ]
    if target is not None:
        line = alt.Chart(data([{"target": target}]))
        layers.append(line.mark_rule(color=DARK, strokeDash=[4, 3]).encode(y="target:Q"))
    return svg(alt.layer(*layers))


def _totals(rows: Sequence[Row]) -> Table:
    shown_rows = [row for row in rows if row["org_unit_code"] == "ALL" and row["denominator"]]
    return Table(
        "Quarters and financial years",
        ("Measure", "Period", "Share", "Number of total", "95% interval"),
        [
            (
                wording.measure(row["measure_code"]),
                f"{labels('period_kind')[row['period_kind']]}, "
                f"{wording.time_of(row['measure_code'], row['period_start'], row['period_end'])}",
                *_numbers(row),
            )
            for row in shown_rows
        ],
    )


def _withheld(rows: Sequence[Row]) -> Table:
    return Table.of(
        "What is withheld, and why",
        rows,
        {
            "Measure": lambda row: wording.measure(row["measure_code"]),
            "Of": lambda row: labels("released_unit")[row["units"]],
            "Months": lambda row: wording.period(row["period_start"], row["period_end"]),
            "Why": "reason",
        },
    )


def _revisions(rows: Sequence[Row], content: ReleaseContent) -> Table:
    return Table.of(
        "Revised figures",
        rows,
        {
            "Measure": lambda row: wording.measure(row["measure_code"]),
            "Period": lambda row: wording.period(row["period_start"], row["period_end"]),
            "Unit": lambda row: wording.unit(row["org_unit_code"], content),
            "Before": lambda row: wording.figure(row, "_before"),
            "Now": wording.figure,
            "Released before": lambda row: (
                f"Release {row['release_before']} of {short_day(row['released_before_on'])}"
            ),
            "Why": "reason",
        },
    )


def _order(name: str) -> tuple[int, str]:
    """Return where a file stands in the list: the spreadsheet, figures, codes, descriptions."""
    if name.endswith(".xlsx"):
        return 0, name
    if name.endswith(".csv"):
        return (2 if "code_" in name else 1), name
    return 3, name


def _file(
    name: str, size: int, tables: Mapping[str, ReleaseTable], content: ReleaseContent
) -> tuple[str, str, str, str]:
    """Return a file's name, what it is, its format and its size."""
    table = next(
        (one for one in tables.values() if wording.file_name(f"{one.name}.csv", content) == name),
        None,
    )
    about, form = (
        (table.title, "CSV")
        if table
        else next(kind for end, kind in _KINDS.items() if name.endswith(end))
    )
    return name, about, form, f"{size / 1024:,.0f} KiB" if size >= 1024 else f"{size} bytes"
