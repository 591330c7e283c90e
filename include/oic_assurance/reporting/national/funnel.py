"""Funnel plots: the figures of the forces of a group by number of cases, with their limits.

A funnel plot compares each force with what chance allows for its number of cases. It ranks nothing
(Spiegelhalter, Funnel plots for comparing institutional performance, Statistics in Medicine 2005,
24:1185-1202).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from oic_assurance.formats import NOTHING, interval, share
from oic_assurance.reporting.paper.document import Picture
from oic_assurance.reporting.paper.drawing import (
    ALARM,
    DARK,
    INK,
    LIGHT,
    MIDDLE,
    PALE,
    QUIET,
    WHITE,
    data,
    fixed_scale,
    svg,
)

Rows = Sequence[dict[str, Any]]
HEIGHT = 290

#: For each reading: its words in a sentence, and its shape, size, fill and edge in the plot. The
#: shapes can be told apart without colour.
READINGS = {
    "WITHIN": ("within the 95% limits", "circle", 46, DARK, WHITE),
    "ABOVE_95": ("above the 95% limit", "triangle-up", 150, MIDDLE, INK),
    "BELOW_95": ("below the 95% limit", "triangle-down", 150, MIDDLE, INK),
    "ABOVE_998": ("above the 99.8% limit", "diamond", 170, ALARM, WHITE),
    "BELOW_998": ("below the 99.8% limit", "square", 140, ALARM, WHITE),
}
HEAD = ("Force", "Figure", "Cases", "95% limits", "99.8% limits", "Reading")
#: The room around the outermost figure or limit, as a share.
_ROOM = 0.02


def funnel(title: str, rows: Rows, limits: Rows, reasons: Mapping[str, str]) -> Picture:
    """Return the funnel plot of one group and assurance point.

    Args:
        title: The name of the group.
        rows: Rows of the mart `national_funnel` for the group and point, in the order of names.
        limits: Rows of the mart `national_funnel_limit` for the same, in the order of cases.
        reasons: Why a figure is not compared, by the codes of the mart.
    """
    table = (HEAD, [_cells(row, reasons) for row in rows])
    shown = [row for row in rows if row["reading"] != "NOT_COMPARED"]
    if not shown or not limits:
        return Picture(title, _in_words(rows, reasons), "", *table)
    x, y = _scales(shown, limits)
    base = alt.Chart(data(limits))
    lines = [
        base.mark_area(clip=True, color=PALE).encode(x=x, y=_y(y, "lower_998"), y2="upper_998"),
        base.mark_area(clip=True, color=LIGHT, opacity=0.55).encode(
            x=x, y=_y(y, "lower_95"), y2="upper_95"
        ),
        *(
            base.mark_line(clip=True, color=QUIET, strokeWidth=1, strokeDash=dash).encode(
                x=x, y=_y(y, name)
            )
            for name, dash in (
                ("lower_998", [1, 0]),
                ("upper_998", [1, 0]),
                ("lower_95", [4, 3]),
                ("upper_95", [4, 3]),
            )
        ),
        base.mark_line(clip=True, color=INK, strokeWidth=1.5).encode(x=x, y=_y(y, "centre")),
    ]
    points = (
        alt.Chart(data([row | {"words": READINGS[row["reading"]][0]} for row in shown]))
        .mark_point(strokeWidth=1.2, opacity=1)
        .encode(
            x=x,
            y=_y(y, "value"),
            shape=_channel(alt.Shape, 1),
            size=_channel(alt.Size, 2),
            fill=_channel(alt.Fill, 3),
            stroke=_channel(alt.Stroke, 4),
        )
    )
    chart = alt.layer(*lines, points, *_labels(shown, x, y))
    return Picture(title, _in_words(rows, reasons), svg(chart, height=HEIGHT), *table)


def _scales(shown: Rows, limits: Rows) -> tuple[Any, Any]:
    """Return the channel of the cases, and the scale of the shares around what is shown.

    With few cases the limits reach from 0 to 1. There, the plot is cut.
    """
    fewest = min(row["denominator"] for row in shown)
    most = max(row["denominator"] for row in limits)
    begins = 0.6 * fewest if fewest > 0.1 * most else 0
    near = [row for row in limits if row["denominator"] >= fewest]
    low = min(min(row["value"] for row in shown), min(row["lower_998"] for row in near))
    high = max(max(row["value"] for row in shown), max(row["upper_998"] for row in near))
    x = alt.X(
        "denominator:Q",
        title="cases",
        scale=alt.Scale(domain=[begins, most], nice=False),
        axis=alt.Axis(tickCount=5, grid=False, format=",d"),
    )
    # A little above 100%, so that the top of the drawing does not cut its label.
    lowest = max(0, low - _ROOM)
    domain = [lowest, min(1 + 0.04 * (1 - lowest), high + _ROOM)]
    return x, alt.Scale(domain=domain, zero=False, nice=False)


def _y(scale: Any, field: str) -> Any:
    return alt.Y(f"{field}:Q", title=None, scale=scale, axis=alt.Axis(format=".0%", tickCount=6))


def _channel(kind: Any, place: int) -> Any:
    """Return the channel for the shape, size or fill of a point, without a legend.

    The page explains the shapes once for all plots.
    """
    scale = fixed_scale({name: look[place] for name, look in READINGS.items()})
    return kind("reading:N", scale=scale, legend=None)


def _labels(shown: Rows, x: Any, y: Any) -> list[Any]:
    """Return the label of each dot: the name outside the 95% limits, and a number within them.

    A name stands on the side away from the centre, and a number above its dot.
    """
    middle = max(row["denominator"] for row in shown) / 2
    groups: dict[tuple[str, float, float], list[dict[str, Any]]] = {}
    for place, row in enumerate(shown, 1):
        align, dx, dy = "center", 0, -9
        label = str(place)
        if row["reading"] != "WITHIN":
            align, dx = ("left", 10) if row["denominator"] < middle else ("right", -10)
            dy = -7 if row["value"] > row["centre"] else 9
            label = row["force_name"]
        groups.setdefault((align, dx, dy), []).append(row | {"label": label})
    # Each label is drawn twice: first as an edge that keeps lines away from the letters.
    return [
        alt.Chart(data(rows))
        .mark_text(align=align, dx=dx, dy=dy, fontSize=12, **edge)
        .encode(x=x, y=_y(y, "value"), text="label:N")
        for (align, dx, dy), rows in groups.items()
        for edge in ({"color": WHITE, "stroke": WHITE, "strokeWidth": 3}, {"color": INK})
    ]


def _in_words(rows: Rows, reasons: Mapping[str, str]) -> str:
    """Return what the plot shows, for readers who cannot see it."""
    shown = [row for row in rows if row["reading"] != "NOT_COMPARED"]
    unknown = [row["force_name"] for row in rows if row["why_not_compared"] == "UNKNOWN"]
    left_out = f" Unknown: {', '.join(unknown)}." if unknown else ""
    if not shown:
        why = next((row["why_not_compared"] for row in rows if row["state"] == "REPORTED"), None)
        reason = reasons[why or "UNKNOWN"]
        return f"No limits: {reason}.{left_out}"
    parts = [f"{len(shown)} forces around {share(shown[0]['centre'])}."]
    outside = [row for row in shown if row["reading"] != "WITHIN"]
    if not outside:
        parts.append("All are within the 95% limits.")
    for reading, (words, *_) in READINGS.items():
        names = [row["force_name"] for row in outside if row["reading"] == reading]
        if names:
            parts.append(f"{words[0].upper()}{words[1:]}: {', '.join(names)}.")
    within = [
        f"{place} {row['force_name']}"
        for place, row in enumerate(shown, 1)
        if row["reading"] == "WITHIN"
    ]
    if within:
        parts.append(f"Within: {', '.join(within)}.")
    return " ".join(parts) + left_out


def _cells(row: dict[str, Any], reasons: Mapping[str, str]) -> list[str]:
    if row["state"] == "UNKNOWN":
        return [row["force_name"], NOTHING, NOTHING, NOTHING, NOTHING, "unknown"]
    reading = (
        reasons[row["why_not_compared"]]
        if row["reading"] == "NOT_COMPARED"
        else READINGS[row["reading"]][0]
    )
    return [
        row["force_name"],
        share(row["value"]),
        f"{row['denominator']:,}" if row["denominator"] is not None else NOTHING,
        interval(row["lower_95"], row["upper_95"]),
        interval(row["lower_998"], row["upper_998"]),
        reading,
    ]
