"""Write the page of a release, and the note that a release is withdrawn.

Each is one HTML file that needs no network and no other file. A Content-Security-Policy in the page
prevents it from loading or running anything.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from oic_assurance.publishing.releases import Release, ReleaseContent, Row
from oic_assurance.reporting.pack import words
from oic_assurance.reporting.pack.drawing import DARK, LIGHT, Picture, data, svg
from oic_assurance.reporting.pack.pages import TEMPLATES as PACK_TEMPLATES
from oic_assurance.reporting.pack.pages import font_css
from oic_assurance.reporting.pack.shapes import SHAPES
from oic_assurance.reporting.points import ORDER, POINTS
from oic_assurance.reporting.release import wording
from oic_assurance.reporting.release.dataset import TITLE
from oic_assurance.reporting.release.publisher import NOT_SET, missing
from oic_assurance.reporting.screens.layout import moment, share

NAME = "index.html"
TEMPLATES = Path(__file__).with_name("templates")
WITHHELD = "Withheld: the numbers are too small to publish"
#: The measures that have a chart by period, in the order in which the page shows them.
CHARTS = (
    "nccu_intel_compliance",
    "nccu_capture_completeness",
    "hydra_completion",
    "elearning_completion",
)
#: What each file of a release is, keyed by the end of its name.
_KINDS = {
    ".csv": "Table (CSV)",
    ".csv-metadata.json": "Meaning of the table's columns (CSVW)",
    ".xlsx": "All tables as an accessible spreadsheet",
    ".jsonld": "Description for catalogues (schema.org)",
}
_IDS = re.compile(r"\b(id=\"|url\(#)p\d+-")
_STYLE = re.compile(r" style=\"max-width:[0-9.]+px\"")


@dataclass(frozen=True)
class Card:
    """The summary of one assurance point.

    Attributes:
        figure: The figure as text. It is empty if the figure is withheld.
        parts: For a share: its number and total, in words. For a checklist: the unit. If the figure
            is withheld: a note that says so.
        period: The first and the last day that the figure covers. It is empty if the figure covers
            no days.
    """

    name: str
    answer: words.Answer
    figure: str
    parts: str
    period: str
    deadline: str
    source: str


def release_page(content: ReleaseContent, sizes: Mapping[str, int]) -> bytes:
    """Return the page of a release. `sizes` maps the other files' names to their sizes in bytes."""
    publisher = content.notes["publisher"]
    positions = sorted(
        content.tables["assurance_position"],
        key=lambda row: (ORDER.index(row["point_code"]), row["force_code"]),
    )
    return _render(
        "release.html.j2",
        title=TITLE,
        release=content,
        made=words.long_day(content.made_at),
        as_at=moment(content.as_at),
        next_release=wording.next_release(publisher),
        missing=missing(publisher),
        publisher={name: publisher[name] or NOT_SET for name in publisher},
        not_set=NOT_SET,
        cards=[_card(row) for row in positions],
        pictures=[_picture(content, code) for code in CHARTS],
        measures=wording.MEASURES,
        methods=wording.methods(content),
        quality=wording.quality(content),
        revisions=wording.revisions(content),
        files=[(name, _kind(name), _size(sizes[name])) for name in sorted(sizes)],
    )


def withdrawn_page(release: Release) -> bytes:
    """Return the note that says that a release is withdrawn, and why."""
    return _render(
        "withdrawn.html.j2",
        title=f"Release {release.release_id} is withdrawn",
        release=release,
        made=words.long_day(release.made_at),
        withdrawn=words.long_day(release.withdrawn_at),
        publisher=release.notes["publisher"],
    )


def _card(row: Row) -> Card:
    return Card(
        name=POINTS[row["point_code"]].name,
        answer=words.status(row["status"]),
        figure="" if row["is_suppressed"] else words.figure(row),
        parts=WITHHELD if row["is_suppressed"] else _parts(row),
        period=_period(row["figures_from"], row["figures_to"]),
        deadline=words.deadline(row),
        source=words.sentence(row["source_status"]),
    )


def _parts(row: Row) -> str:
    """Return the text beside the figure: its number and total or, for a checklist, the unit."""
    point = POINTS[row["point_code"]]
    return point.unit if point.is_checklist else words.parts(row)


def _period(first: date | None, last: date | None) -> str:
    return "" if first is None or last is None else wording.period(first, last)


def _picture(content: ReleaseContent, code: str) -> Picture:
    """Return a chart of the force's released figures for a measure, with one bar per period."""
    title = wording.measure(code)
    rows = [
        row
        for row in content.tables["assurance_period"]
        if row["measure_code"] == code and row["org_unit_code"] == "ALL"
    ]
    head = ("From", "To", "Share", "Number of total")
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
        words.long_day(row["period_start"]),
        words.long_day(row["period_end"]),
        share(row["value"]),
        f"{row['numerator']:,} of {row['denominator']:,}",
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


def _kind(name: str) -> str:
    return next(kind for end, kind in _KINDS.items() if name.endswith(end))


def _size(size: int) -> str:
    return f"{size / 1024:,.0f} KiB" if size >= 1024 else f"{size} bytes"


def _render(template: str, **content: Any) -> bytes:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, PACK_TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "\n".join(
        [
            font_css(),
            (PACK_TEMPLATES / "pack.css").read_text(encoding="utf-8"),
            (TEMPLATES / "release.css").read_text(encoding="utf-8"),
        ]
    )
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    from markupsafe import Markup

    page = environment.get_template(template).render(
        style=Markup(style),  # noqa: S704 - files of this project, not input
        policy=policy,
        shapes=SHAPES,
        **content,
    )
    return _the_same_each_time(page).encode("utf-8")


def _the_same_each_time(page: str) -> str:
    """Return a page with the IDs of its drawings numbered from 1. Equal content gives equal bytes.

    The `style` attributes of the drawings are removed, because the page's policy allows only the
    page's own style sheet.
    """
    numbers: dict[str, str] = {}

    def renamed(match: re.Match[str]) -> str:
        number = numbers.setdefault(match[0].partition(match[1])[2], f"d{len(numbers) + 1}-")
        return match[1] + number

    return _STYLE.sub("", _IDS.sub(renamed, page))
