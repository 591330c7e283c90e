"""Charts with a time axis: the intelligence plans, and the three views of a point."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from oic_assurance.formats import long_day
from oic_assurance.reporting.pack.words import REPORT, VIEWS, month, sentence, status
from oic_assurance.reporting.paper.drawing import (
    DARK,
    INK,
    LIGHT,
    QUIET,
    WHITE,
    Picture,
    data,
    svg,
)

Rows = Sequence[dict[str, Any]]


def plans(rows: Rows, today: date, deadline: date | None) -> Picture:
    """Return a chart with one bar for each strand's plan, from its approval to its next review."""
    import altair as alt

    bars = [
        {
            "strand": sentence(row["strand"]),
            "approved": row["approved_on"],
            "review": row["review_due_on"],
            "status": "met" if row["is_met"] else "not met",
        }
        for row in rows
        if row["approved_on"] and row["review_due_on"]
    ]
    marks = [{"day": today, "words": "today"}]
    if deadline:
        marks.append({"day": deadline, "words": "deadline"})
    bar = (
        alt.Chart(data(bars))
        .mark_bar(stroke=QUIET, height={"band": 0.5})
        .encode(
            x=alt.X("approved:T", title=None, axis=alt.Axis(format="%b %y", tickCount=6)),
            x2="review:T",
            y=alt.Y("strand:N", title=None, sort=["Collect", "Analyse", "Share"]),
            color=alt.Color(
                "status:N",
                scale=alt.Scale(domain=["met", "not met"], range=[LIGHT, WHITE]),
                legend=None,
            ),
        )
    )
    lines = alt.Chart(data(marks)).encode(x="day:T")
    chart = alt.layer(
        bar,
        lines.mark_rule(color=INK, strokeDash=[4, 3]),
        lines.mark_text(align="left", dx=3, baseline="top", fontSize=11).encode(
            text="words:N", y=alt.value(0)
        ),
    )
    met = sum(1 for row in rows if row["is_met"])
    return Picture(
        "Plans from approval to review",
        f"{met} of {len(rows)} strands have an approved plan with an owner and evidence, "
        "whose review is not overdue. A bar is the plan that counts now; another plan may have "
        "counted before.",
        svg(chart, height=170),
        ("Strand", "Plan", "Owner", "Approved", "Review due", "Evidence", "Met", "Met on time"),
        [
            (
                sentence(row["strand"]),
                row["plan_ref"] or "–",
                _yes(row["has_owner"]),
                long_day(row["approved_on"]),
                long_day(row["review_due_on"]),
                _yes(row["has_evidence"]),
                _yes(row["is_met"]),
                _yes(row["is_met_on_time"]),
            )
            for row in rows
        ],
    )


def _yes(value: bool | None) -> str:
    return "–" if value is None else "yes" if value else "no"


def views(rows: Rows, today: date) -> Picture:
    """Return a chart of the three views of a point over time, with one row for each view."""
    import altair as alt

    spans = [
        {
            "view": VIEWS[row["voice"]],
            "from": max(row["changed_on"], REPORT),
            "until": row["stood_until"] or today,
            "assured": "assured" if row["is_assured"] else "not assured",
        }
        for row in rows
        if (row["stood_until"] or today) >= REPORT
    ]
    base = alt.Chart(data(spans)).encode(
        x=alt.X("from:T", title=None, axis=alt.Axis(format="%b %y", tickCount=6, grid=False)),
        y=alt.Y(
            "view:N",
            sort=list(VIEWS.values()),
            title=None,
            axis=alt.Axis(domain=False, ticks=False),
        ),
    )
    bars = base.mark_bar(stroke=INK, strokeWidth=0.8, height={"band": 0.6}).encode(
        x2="until:T",
        color=alt.Color(
            "assured:N",
            scale=alt.Scale(domain=["assured", "not assured"], range=[DARK, WHITE]),
        ),
    )
    return Picture(
        f"Three views since {month(REPORT)}",
        f"Dark: this view is that the point is met. White: it is not. Today: {_today(rows)}.",
        svg(bars, height=150),
        ("View of", "Status", "From", "Until"),
        [
            (
                VIEWS[row["voice"]],
                _status(row),
                long_day(row["changed_on"]),
                long_day(row["stood_until"]) if row["stood_until"] else "today",
            )
            for row in rows
        ],
    )


def _today(rows: Rows) -> str:
    current = {row["voice"]: _status(row).lower() for row in rows if not row["stood_until"]}
    return "; ".join(f"{name}: {current.get(code, 'none')}" for code, name in VIEWS.items())


def _status(row: dict[str, Any]) -> str:
    return status(row["status"]).word if row["voice"] == "DATA" else sentence(row["status"])
