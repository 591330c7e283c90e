"""Make the content of the public pack.

The pack shows figures that disclosure control has released. All other figures are withheld.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from oic_assurance.reporting.pack import words
from oic_assurance.reporting.pack.drawing import DARK, LIGHT, Picture, data, svg
from oic_assurance.reporting.pack.facts import Facts, Row
from oic_assurance.reporting.pack.tables import Table
from oic_assurance.reporting.points import ORDER, POINTS
from oic_assurance.reporting.screens.layout import moment, share

WITHHELD = "Withheld: the numbers are too small to publish"
#: The titles of the measures for which the public pack shows a chart by period. The keys are the
#: measure codes of the seed `policy_public_measure`.
MEASURES = {
    "nccu_intel_compliance": "Reported cases with their document",
    "nccu_capture_completeness": "Immigration detentions that were referred",
    "hydra_completion": "People who completed Hydra training",
    "elearning_completion": "People who completed all four modules",
}


@dataclass(frozen=True)
class PublicCard:
    """The summary of one assurance point in the public pack.

    Attributes:
        figure: The figure as text. It is empty if the figure is withheld.
        parts: The numerator and the denominator of the figure, in words, or a note that they are
            withheld.
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


@dataclass(frozen=True)
class Public:
    """The content of the public pack."""

    as_at: str
    publication_id: int
    cards: Sequence[PublicCard]
    pictures: Sequence[Picture]


def public(facts: Facts) -> Public:
    """Return the content of the public pack. `facts` are the results of the public queries."""
    positions = sorted(facts["public_position"], key=lambda row: ORDER.index(row["point_code"]))
    return Public(
        as_at=moment(positions[0]["as_at"]),
        publication_id=positions[0]["publication_id"],
        cards=[_card(row) for row in positions],
        pictures=[
            _released(title, [r for r in facts["public_period"] if r["measure_code"] == code])
            for code, title in MEASURES.items()
        ],
    )


def _card(row: Row) -> PublicCard:
    return PublicCard(
        name=POINTS[row["point_code"]].name,
        answer=words.status(row["status"]),
        figure="" if row["is_suppressed"] else words.figure(row),
        parts=WITHHELD if row["is_suppressed"] else words.parts(row),
        period=_period(row["figures_from"], row["figures_to"]),
        deadline=words.deadline(row),
        source=row["source_status"],
    )


def _period(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return ""
    return f"{words.long_day(first)} to {words.long_day(last)}"


def _released(title: str, rows: Sequence[Row]) -> Picture:
    """Return a chart of the released figures of a measure, with one bar for each period."""
    import altair as alt

    base = alt.Chart(data(rows)).encode(
        x=alt.X(
            "period_start:T", title=None, axis=alt.Axis(format="%b %y", tickCount=6, grid=False)
        ),
        x2="period_end:T",
        y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
    )
    table = _table(title, rows)
    if not rows:
        return Picture(title, "No figure has been released yet.", "", table.head, ())
    last = rows[-1]
    text = (
        f"{share(last['value'])} ({last['numerator']:,} of {last['denominator']:,}), "
        f"{_period(last['period_start'], last['period_end'])}. "
        "The length of a bar is the period that it covers."
    )
    chart = alt.layer(
        base.mark_bar(color=LIGHT, y2=alt.ExprRef("height")),
        base.mark_rule(color=DARK, strokeWidth=3),
    )
    return Picture(title, text, svg(chart), table.head, table.rows)


def _table(title: str, rows: Sequence[Row]) -> Table:
    return Table(
        title,
        ("From", "To", "Figure", "Of"),
        [
            (
                words.long_day(row["period_start"]),
                words.long_day(row["period_end"]),
                share(row["value"]),
                f"{row['numerator']:,} of {row['denominator']:,}",
            )
            for row in rows
        ],
    )
