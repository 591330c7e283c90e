"""What stands in the public version: what was released, and that the rest is withheld."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from oic_assurance.reporting.pack import words
from oic_assurance.reporting.pack.drawing import DARK, LIGHT, Picture, data, svg
from oic_assurance.reporting.pack.facts import Facts, Row
from oic_assurance.reporting.pack.tables import Table
from oic_assurance.reporting.screens.layout import moment, share

WITHHELD = "Withheld: the numbers are too small to be told"
#: The measures of the public release, as its readers would call them.
MEASURES = {
    "nccu_intel_compliance": "Reported cases with their document",
    "nccu_capture_completeness": "Immigration detentions that were referred",
    "hydra_completion": "People who completed Hydra",
    "elearning_completion": "People who completed all four modules",
}


@dataclass(frozen=True)
class PublicCard:
    """A point as the public is told of it."""

    name: str
    answer: words.Answer
    figure: str
    parts: str
    when: str
    deadline: str
    source: str


@dataclass(frozen=True)
class Public:
    """All that the public version says."""

    as_at: str
    publication_id: int
    cards: Sequence[PublicCard]
    pictures: Sequence[Picture]


def public(facts: Facts) -> Public:
    """Return what the public version says."""
    positions = sorted(
        facts["public_position"], key=lambda row: list(words.POINTS).index(row["point_code"])
    )
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
    deadline = "No deadline: every time"
    if row["deadline"]:
        deadline = f"{words.long_day(row['deadline'])} ({words.days_away(row['days_to_deadline'])})"
    return PublicCard(
        name=words.POINTS[row["point_code"]],
        answer=words.status(row["status"]),
        figure="" if row["is_suppressed"] else words.figure(row),
        parts=WITHHELD if row["is_suppressed"] else words.parts(row),
        when=_when(row["figures_from"], row["figures_to"]),
        deadline=deadline,
        source=row["source_status"],
    )


def _when(first: date | None, last: date | None) -> str:
    return (
        ""
        if last is None or first is None
        else f"{words.long_day(first)} to {words.long_day(last)}"
    )


def _released(title: str, rows: Sequence[Row]) -> Picture:
    """Return the figures of a measure that were released: each is of the days that it spans."""
    import altair as alt

    base = alt.Chart(data(rows)).encode(
        x=alt.X(
            "period_start:T", title=None, axis=alt.Axis(format="%b %y", tickCount=6, grid=False)
        ),
        x2="period_end:T",
        y=alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
    )
    head, table = ("From", "To", "Figure", "Of"), _table(title, rows)
    if not rows:
        return Picture(title, "Nothing has been released yet.", "", head, ())
    last = rows[-1]
    says = (
        f"{share(last['value'])} ({last['numerator']:,} of {last['denominator']:,}), "
        f"{_when(last['period_start'], last['period_end'])}. "
        "A bar is as long as the time it speaks of."
    )
    chart = alt.layer(
        base.mark_bar(color=LIGHT, y2=alt.ExprRef("height")),
        base.mark_rule(color=DARK, strokeWidth=3),
    )
    return Picture(title, says, svg(chart), head, table.rows)


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
