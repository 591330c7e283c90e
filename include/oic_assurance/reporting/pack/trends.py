"""Charts of figures over time and by team."""

from collections.abc import Sequence
from typing import Any

from oic_assurance.formats import NOTHING, long_day, share
from oic_assurance.reporting.pack.words import REPORT, figure
from oic_assurance.reporting.paper.drawing import (
    DARK,
    INK,
    LIGHT,
    MIDDLE,
    QUIET,
    WHITE,
    Picture,
    count_axis,
    data,
    names_axis,
    svg,
)

Rows = Sequence[dict[str, Any]]
MAX_TEAMS = 12


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
        # The padding keeps the dot of the last day inside the drawing.
        x=alt.X("day:T", axis=None, scale=alt.Scale(padding=5)),
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

    The text compares the last value with the first value on or after the day `REPORT`.
    """
    shown = [row for row in rows if row["value"] is not None and row["day"] >= REPORT]
    if not shown:
        return "No figure yet"
    first, last = shown[0], shown[-1]
    direction = "Unchanged"
    if last["value"] != first["value"]:
        direction = "Up" if last["value"] > first["value"] else "Down"
    return f"{direction} from {figure(first)} on {long_day(first['day'])}"


def by_team(title: str, rows: Rows, done: str, outstanding: str) -> Picture:
    """Return a chart of a measure by team. The team with the most outstanding records is first.

    Each bar has two parts. `done` and `outstanding` are the labels of these parts. The drawing
    shows at most `MAX_TEAMS` teams, and only teams with outstanding records. The table shows all
    teams.
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
    most = max((row["denominator"] for row in shown), default=0)
    chart = (
        alt.Chart(data(bars))
        .mark_bar(stroke=QUIET, strokeWidth=0.6, height={"band": 0.72})
        .encode(
            y=alt.Y("team:N", sort=order, title=None, axis=names_axis()),
            x=alt.X("count:Q", title=None, axis=count_axis(most)),
            color=alt.Color(
                "part:N", scale=alt.Scale(domain=[done, outstanding], range=[MIDDLE, WHITE])
            ),
            order="order:Q",
        )
    )
    behind = sum(row["numerator"] < row["denominator"] for row in rows)
    text = f"{behind} of {len(rows)} teams have something outstanding."
    if shown and len(shown) < len(rows):
        text += f" The chart shows the {len(shown)} with most."
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
