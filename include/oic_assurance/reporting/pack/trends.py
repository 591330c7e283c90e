"""Charts of figures over time and by team."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from oic_assurance.reporting.pack.drawing import (
    DARK,
    INK,
    LIGHT,
    MIDDLE,
    QUIET,
    WHITE,
    Picture,
    data,
    svg,
)
from oic_assurance.reporting.pack.words import REPORT, figure, long_day, month
from oic_assurance.reporting.screens.layout import NOTHING, interval, share

Rows = Sequence[dict[str, Any]]
MAX_TEAMS = 12


def trend(title: str, rows: Rows, deadline: date | None) -> Picture:
    """Return a chart of a share for each month, with its 95% interval.

    The dot of the current month is hollow, because the month is not complete. A month without a
    value appears in the table below the chart but not in the drawing.
    """
    import altair as alt

    shown = [row for row in rows if row["value"] is not None]
    x = alt.X("period_start:T", title=None, axis=alt.Axis(format="%b %y", tickCount=6, grid=False))
    base = alt.Chart(data(shown)).encode(x=x)
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    band = base.mark_area(color=LIGHT, opacity=0.7).encode(
        y=alt.Y("ci_low:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
        y2="ci_high:Q",
    )
    line = base.mark_line(color=DARK, strokeWidth=2).encode(y=y)
    points = base.mark_point(stroke=DARK, size=36, filled=True, opacity=1, strokeWidth=1.5).encode(
        y=y,
        fill=alt.condition("datum.is_complete_period", alt.value(DARK), alt.value(WHITE)),
    )
    layers = [band, line, points]
    if deadline is not None:
        layers += _deadline(deadline)
    last = shown[-1] if shown else None
    text = (
        f"{month(shown[0]['period_start'])} {share(shown[0]['value'])}; "
        f"{month(last['period_start'])} {share(last['value'])} "
        f"(95% interval {interval(last['ci_low'], last['ci_high'])})."
        if last
        else "There are no figures yet."
    )
    return Picture(
        title,
        text,
        svg(alt.layer(*layers)),
        ("Month", "Figure", "Of", "95% interval"),
        [
            (
                month(row["period_start"]) + ("" if row["is_complete_period"] else " (so far)"),
                share(row["value"]),
                f"{row['numerator']:,} of {row['denominator']:,}",
                interval(row["ci_low"], row["ci_high"]),
            )
            for row in rows
        ],
    )


def _deadline(deadline: date) -> list[Any]:
    import altair as alt

    mark = alt.Chart(data([{"day": deadline, "words": "deadline"}])).encode(x="day:T")
    return [
        mark.mark_rule(color=INK, strokeDash=[4, 3]),
        mark.mark_text(align="right", dx=-4, dy=-2, baseline="bottom", color=INK).encode(
            text="words:N", y=alt.value(14)
        ),
    ]


def sparkline(rows: Rows, target: float | None) -> str:
    """Return, as SVG, a small chart without axes that shows how a position changed over time.

    A dashed line shows the target, a fraction from 0 to 1. The result is empty if there are fewer
    than two values.
    """
    import altair as alt

    shown = [row for row in rows if row["value"] is not None]
    if len(shown) < 2:
        return ""
    base = alt.Chart(data(shown)).encode(
        x=alt.X("day:T", axis=None),
        y=alt.Y("value:Q", axis=None, scale=alt.Scale(domain=[0, 1])),
    )
    end = alt.Chart(data(shown[-1:])).encode(x="day:T", y="value:Q")
    layers = [
        base.mark_area(color=LIGHT, opacity=0.6, interpolate="step-after"),
        base.mark_line(color=DARK, strokeWidth=2, interpolate="step-after"),
        end.mark_point(fill=DARK, stroke=DARK, size=40, opacity=1),
    ]
    if target is not None:
        goal = alt.Chart(data([{"value": target}])).encode(y=alt.Y("value:Q", axis=None))
        layers.insert(1, goal.mark_rule(color=INK, strokeDash=[5, 3], strokeWidth=1.2))
    return svg(alt.layer(*layers), width=220, height=44)


def since(rows: Rows) -> str:
    """Return in words how a position has changed since the inspection's report.

    The change is counted from the first value in the month of the report or later.
    """
    shown = [row for row in rows if row["value"] is not None and row["day"] >= REPORT]
    if not shown:
        return "No figure yet."
    first, last = shown[0], shown[-1]
    direction = "Unchanged"
    if last["value"] != first["value"]:
        direction = "Up" if last["value"] > first["value"] else "Down"
    return f"{direction} from {figure(first)} on {long_day(first['day'])}"


def by_team(title: str, rows: Rows, done: str, outstanding: str) -> Picture:
    """Return a chart of a measure by team. The team with the most outstanding records is first.

    Each bar has two parts, with the labels `done` and `outstanding`. The drawing shows at most
    `MAX_TEAMS` teams, and only teams with something outstanding. The table shows all teams.
    """
    import altair as alt

    ranked = sorted(
        rows, key=lambda row: (row["numerator"] - row["denominator"], row["org_unit_name"])
    )
    shown = [row for row in ranked if row["numerator"] < row["denominator"]][:MAX_TEAMS]
    bars = [
        {"team": _team(row), "part": part, "count": count, "order": order}
        for row in shown
        for order, (part, count) in enumerate(
            ((done, row["numerator"]), (outstanding, row["denominator"] - row["numerator"]))
        )
    ]
    order = [_team(row) for row in shown]
    chart = (
        alt.Chart(data(bars))
        .mark_bar(stroke=QUIET, strokeWidth=0.6, height={"band": 0.72})
        .encode(
            y=alt.Y("team:N", sort=order, title=None, axis=alt.Axis(domain=False, ticks=False)),
            x=alt.X("count:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=5)),
            color=alt.Color(
                "part:N", scale=alt.Scale(domain=[done, outstanding], range=[MIDDLE, WHITE])
            ),
            order="order:Q",
        )
    )
    behind = sum(row["numerator"] < row["denominator"] for row in rows)
    text = f"{behind} of {len(rows)} teams have something outstanding."
    if shown and len(shown) < len(rows):
        text += f" The chart shows the {len(shown)} with most; the table shows all."
    return Picture(
        title,
        text,
        svg(chart, height=64 + 21 * max(len(shown), 1)),
        ("Team", done.capitalize(), "Of", "Share"),
        [
            (
                _team(row),
                f"{row['numerator']:,}",
                f"{row['denominator']:,}",
                share(row["numerator"] / row["denominator"]) if row["denominator"] else NOTHING,
            )
            for row in ranked
        ],
    )


def _team(row: dict[str, Any]) -> str:
    return (
        "Officer not resolved" if row["org_unit_code"] == "UNKNOWN" else str(row["org_unit_name"])
    )
