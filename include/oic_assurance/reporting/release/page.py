"""Write the page of a release, for everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from oic_assurance.formats import moment, share, short_day
from oic_assurance.publishing.releases import ReleaseContent, Row
from oic_assurance.reporting.pack import words
from oic_assurance.reporting.paper.drawing import DARK, LIGHT, Picture, data, svg
from oic_assurance.reporting.points import POINTS, place
from oic_assurance.reporting.release import quality, wording
from oic_assurance.reporting.release.dataset import NAME as DATASET
from oic_assurance.reporting.release.publisher import NOT_SET, missing
from oic_assurance.reporting.release.render import render
from oic_assurance.reporting.release.table import Table
from oic_assurance.reporting.release.values import MEANINGS

NAME = "index.html"
WITHHELD = "Withheld: the numbers are too small to publish"
#: What each file of a release is, keyed by the end of its name, and its format.
_KINDS = {
    ".xlsx": ("All tables as an accessible spreadsheet", "XLSX"),
    "csv-metadata.json": ("Meaning of the tables and columns, for programs", "CSVW (JSON)"),
    ".jsonld": ("Description for catalogues", "schema.org (JSON-LD)"),
    "quality.html": ("Methods, quality and revision policy", "HTML"),
}


@dataclass(frozen=True)
class Card:
    """The summary of one assurance point.

    Attributes:
        figure: The figure as text. It is empty if the figure is withheld.
        parts: For a share: its number and total, in words. For a checklist: the unit. If the figure
            is withheld: a note that says so.
        interval: The 95% interval of the share in words. It is empty if there is none.
        period: The first and the last day that the figure covers. It is empty if the figure covers
            no days.
    """

    name: str
    question: str
    answer: words.Answer
    figure: str
    parts: str
    interval: str
    period: str
    deadline: str
    source: str


def release_page(
    tables: Sequence[Table], content: ReleaseContent, sizes: Mapping[str, int]
) -> bytes:
    """Return the page of a release. `sizes` maps the other files' names to their sizes in bytes."""
    publisher = content.notes["publisher"]
    by_name = {table.name: table for table in tables}
    positions = sorted(
        by_name["assurance_position"].rows,
        key=lambda row: (place(row["point_code"]), row["force_code"]),
    )
    periods = by_name["assurance_period"].rows
    return render(
        "release.html.j2",
        title=wording.TITLE,
        description=DATASET,
        release=content,
        made=wording.released_on_in_words(content),
        as_at=moment(content.as_at),
        next_release=wording.next_release(publisher),
        announced=wording.announced(content),
        missing=missing(publisher),
        publisher={name: publisher[name] or NOT_SET for name in publisher},
        not_set=NOT_SET,
        summary=wording.summary(content),
        cards=[_card(row) for row in positions],
        pictures=[_picture(periods, code) for code in wording.drawn()],
        example=_example(positions),
        markers=MEANINGS,
        missing_months=quality.methods(content)[2][1],
        news=wording.news(content),
        measures=wording.measures(),
        fresh=wording.fresh(content),
        revisions=wording.revisions(content),
        policy_of_revisions=quality.revision_policy(content),
        files=[_file(name, sizes[name], by_name) for name in sorted(sizes, key=_order)],
    )


def _card(row: Row) -> Card:
    return Card(
        name=POINTS[row["point_code"]].name,
        question=wording.question(row["point_code"]),
        answer=words.status(row["status"]),
        figure="" if row["is_suppressed"] else words.figure(row),
        parts=WITHHELD if row["is_suppressed"] else _parts(row),
        interval=_interval(row),
        period=_period(row["figures_from"], row["figures_to"]),
        deadline=words.deadline(row),
        source=wording.SOURCES[row["source_status"]],
    )


def _parts(row: Row) -> str:
    """Return the text beside the figure: its number and total or, for a checklist, the unit."""
    point = POINTS[row["point_code"]]
    return point.unit if point.is_checklist else words.parts(row)


def _period(first: date | None, last: date | None) -> str:
    return "" if first is None or last is None else wording.period(first, last)


def _interval(row: Row) -> str:
    if row["ci_low"] is None:
        return ""
    return f"{share(row['ci_low'])} to {share(row['ci_high'])}"


def _example(positions: Sequence[Row]) -> str:
    """Return how to read an interval, with the first share of this release as the example."""
    rows = [row for row in positions if row["ci_low"] is not None]
    return wording.interval_in_words(rows[0]) if rows else ""


def _picture(periods: Sequence[Row], code: str) -> Picture:
    """Return a chart of the force's released figures for a measure, with one bar per period."""
    title = wording.measure(code)
    rows = [row for row in periods if row["measure_code"] == code and row["org_unit_code"] == "ALL"]
    head = ("From", "To", "Share", "Number of total", "95% interval")
    if not rows:
        return Picture(title, "No figure has been released yet.", "", head, ())
    last = rows[-1]
    text = (
        f"{share(last['value'])} ({last['numerator']:,} of {last['denominator']:,}), "
        f"{_period(last['period_start'], last['period_end'])}. "
        "The length of a bar is the period that it covers."
    )
    return Picture(title, text, _drawn(rows), head, [_row(row) for row in rows])


def _row(row: Row) -> Sequence[str]:
    return (
        short_day(row["period_start"]),
        short_day(row["period_end"]),
        "[z]" if row["value"] is None else share(row["value"]),
        f"{row['numerator']:,} of {row['denominator']:,}",
        _interval(row) or "[z]",
    )


def _drawn(rows: Sequence[Row]) -> str:
    import altair as alt

    base = alt.Chart(data(rows)).encode(
        x=alt.X(
            "period_start:T", title=None, axis=alt.Axis(format="%b %y", tickCount=6, grid=False)
        ),
        x2="period_end:T",
        y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
    )
    chart = alt.layer(
        base.mark_bar(color=LIGHT, y2=alt.ExprRef("height")),
        base.mark_rule(color=DARK, strokeWidth=3),
    )
    return svg(chart)


def _order(name: str) -> tuple[int, str]:
    """Return where a file stands in the list: the spreadsheet, figures, codes, descriptions."""
    if name.endswith(".xlsx"):
        return 0, name
    if name.endswith(".csv"):
        return (2 if name.startswith("code_") else 1), name
    return 3, name


def _file(name: str, size: int, tables: Mapping[str, Table]) -> tuple[str, str, str, str]:
    """Return a file's name, what it is, its format and its size."""
    table = tables.get(name.rpartition("_")[0]) if name.endswith(".csv") else None
    about, form = (
        (table.title, "CSV")
        if table
        else next(kind for end, kind in _KINDS.items() if name.endswith(end))
    )
    return name, about, form, _size(size)


def _size(size: int) -> str:
    return f"{size / 1024:,.0f} KiB" if size >= 1024 else f"{size} bytes"
