"""Control charts: a figure by month, with its control limits, target and special causes."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt

from oic_assurance.formats import NOTHING, count, in_unit, interval, month
from oic_assurance.reporting.pack.prose import WORDS
from oic_assurance.reporting.paper.document import Picture
from oic_assurance.reporting.paper.drawing import (
    ALARM,
    DARK,
    INK,
    MIDDLE,
    PALE,
    QUIET,
    WHITE,
    data,
    fixed_scale,
    share_axis,
    svg,
    time_axis,
)

Rows = Sequence[dict[str, Any]]
HEIGHT = 280
NO_FIGURES = "There are no figures yet."
#: The hours that an axis names: also a day, three days, a week and a month.
_HOURS = (-24, -6, -1, 0, 1, 3, 6, 12, 24, 72, 168, 720)

#: The label, shape, size and fill of a point, by its sign. A point can be told by its shape alone.
_POINTS = {
    "COMMON": ("no change shown", "circle", 34, DARK),
    "IMPROVING": ("improving", "diamond", 130, MIDDLE),
    "CONCERNING": ("concerning", "triangle-down", 130, ALARM),
    None: ("month so far", "circle", 40, WHITE),
}


def control_chart(
    title: str, rows: Rows, marks: Sequence[tuple[date, str]] = (), empty: str = NO_FIGURES
) -> Picture:
    """Return a chart of a measure by month, with its limits, its target and its special causes.

    `marks` are days that the chart marks, each with a word for it, such as the deadline. `empty`
    is said if there is no figure.

    `rows` are the rows of the mart `assurance_spc` for one measure, in the order of the months. A
    month without a value is in the table below the chart, but not in the drawing. The current month
    is drawn as a hollow dot that the line does not reach, because limits and signs do not use it.

    A snapshot measure counts the same people each month. The mart has limits and signs for it, but
    the chart does not show them: most months would be marked as a change although nothing changed.
    """
    rows = [_without_limits(row) if row["is_snapshot"] else row for row in rows]
    if all(row["value"] is None for row in rows):
        return Picture(title, empty, "", *_table(rows))
    layers = [
        *_limits(rows),
        *_lines(rows),
        *_new_baselines(rows),
        *_marked(marks),
        *_months(rows),
    ]
    # The lines have one legend, and the points have another. A common legend would show neither the
    # lines nor the points.
    channels = ("color", "strokeDash", "strokeWidth", "shape", "size", "fill", "stroke")
    chart = alt.layer(*layers).resolve_scale(**dict.fromkeys(channels, "independent"))
    return Picture(title, _in_words(rows), svg(chart, height=HEIGHT), *_table(rows))


def _without_limits(row: dict[str, Any]) -> dict[str, Any]:
    names = ("kind", "centre", "lower", "upper", "variation", "special_cause", "assurance")
    return row | dict.fromkeys(names) | {"why_none": WORDS["same_people"]}


def _x(field: str = "period_start") -> Any:
    # The padding keeps the first and the last point off the edges.
    return time_axis(field, scale=alt.Scale(padding=9))


def _y(rows: Rows, field: str) -> Any:
    unit = _unit(rows)
    if unit == "share":
        return share_axis(field)
    ends = [row[name] for row in rows for name in ("value", "lower", "upper", "target")]
    known = [end for end in ends if end is not None]
    domain = [min(0, *known), 1.06 * max(known)]
    if unit == "hours":
        # Limits of hours are computed on a logarithmic scale, so they are drawn on one.
        scale = alt.Scale(domain=domain, type="symlog")
        axis = alt.Axis(values=[hours for hours in _HOURS if domain[0] <= hours <= domain[1]])
        return alt.Y(f"{field}:Q", title=unit, scale=scale, axis=axis)
    scale = alt.Scale(domain=domain, nice=True)
    return alt.Y(f"{field}:Q", title=None, scale=scale, axis=alt.Axis(tickCount=6))


def _limits(rows: Rows) -> list[Any]:
    """Return the area between the limits, as one area for each baseline."""
    limited = [row for row in rows if row["lower"] is not None]
    if not limited:
        return []
    return [
        alt.Chart(data(limited))
        .mark_area(color=PALE, opacity=1, interpolate="step")
        .encode(x=_x(), y=_y(rows, "lower"), y2="upper:Q", detail="baseline_from:N")
    ]


def _lines(rows: Rows) -> list[Any]:
    """Return the lines of the limits, the centre and the target, which the legend explains."""
    last = next((row for row in reversed(rows) if row["centre"] is not None), None)
    target = rows[-1]["target"]
    names = {
        "centre": None if last is None else f"centre {_figure(rows, last['centre'])}",
        "lower": None if last is None else "limits",
        "upper": None if last is None else "limits",
        "target": None if target is None else f"target {_figure(rows, target).replace('.0%', '%')}",
    }
    points = [
        {
            "period_start": row["period_start"],
            "value": row[column],
            "line": name,
            "part": f"{column} {row['baseline_from'] if column != 'target' else ''}",
        }
        for column, name in names.items()
        for row in rows
        if name is not None and row[column] is not None
    ]
    of_lines = {
        names["target"]: ([7, 3], 1.8, INK),
        names["centre"]: ([1, 0], 1.4, QUIET),
        names["lower"]: ([2, 2], 1.4, QUIET),
    }
    drawn = {name: look for name, look in of_lines.items() if name is not None}
    if not drawn:
        return []

    def scale(place: int) -> Any:
        return fixed_scale({name: look[place] for name, look in drawn.items()})

    # The symbols in the legend are long enough to show the dashes. If there is only one line, Vega
    # draws its symbol in the wrong place. Then there is no legend, and the drawing has a label.
    legend = alt.Legend(symbolType="stroke", symbolSize=700, symbolStrokeWidth=1.6)
    if len(drawn) == 1:
        legend = None
    lines = (
        alt.Chart(data(points))
        .mark_line(interpolate="step")
        .encode(
            x=_x(),
            y=_y(rows, "value"),
            detail="part:N",
            strokeDash=alt.StrokeDash("line:N", scale=scale(0), legend=legend),
            strokeWidth=alt.StrokeWidth("line:N", scale=scale(1), legend=legend),
            color=alt.Color("line:N", scale=scale(2), legend=legend),
        )
    )
    label = (
        alt.Chart(data(points[:1]))
        .mark_text(align="left", baseline="top", dx=70, dy=4)
        .encode(x=_x(), y=_y(rows, "value"), text="line:N")
    )
    return [lines] if legend else [lines, label]


def _new_baselines(rows: Rows) -> list[Any]:
    """Return a mark where a decision has begun a new baseline."""
    begins = sorted({row["baseline_from"] for row in rows} - {rows[0]["baseline_from"]})
    if not begins:
        return []
    mark = alt.Chart(data([{"day": day, "words": "new baseline"} for day in begins])).encode(
        x=_x("day")
    )
    return [
        mark.mark_rule(color=QUIET, strokeWidth=1, xOffset=-8),
        mark.mark_text(align="right", dx=-12, baseline="bottom", fontSize=11, color=QUIET).encode(
            text="words:N", y=alt.value("height"), yOffset=alt.value(-3)
        ),
    ]


def _marked(marks: Sequence[tuple[date, str]]) -> list[Any]:
    """Return a line and a word for each marked day. The words are at three different heights."""
    layers: list[Any] = []
    for place, (day, word) in enumerate(sorted(marks)):
        mark = alt.Chart(data([{"day": day, "words": word}])).encode(x=_x("day"))
        height = alt.value(HEIGHT * 0.52 + 13 * (place % 3))
        layers += [
            mark.mark_rule(color=QUIET, strokeDash=[1, 3], strokeWidth=1.2),
            mark.mark_text(align="left", dx=4, baseline="bottom", fontSize=11, color=QUIET).encode(
                text="words:N", y=height
            ),
        ]
    return layers


def _months(rows: Rows) -> list[Any]:
    """Return the line of the complete months, and a point for each month."""
    points = [
        {
            "period_start": row["period_start"],
            "value": row["value"],
            "baseline_from": row["baseline_from"],
            "sign": _sign(row)[0],
            "is_complete": row["is_complete_period"],
        }
        for row in rows
        if row["value"] is not None
    ]

    def scale(place: int) -> Any:
        return fixed_scale({look[0]: look[place] for look in _POINTS.values()})

    # Without this scale, the legend would not show the outline of the hollow dot.
    outline = fixed_scale(dict.fromkeys((look[0] for look in _POINTS.values()), DARK))
    # A scale of one sign alone would draw no dots. So scales have all, and the legend those used.
    used = {point["sign"] for point in points}
    legend = alt.Legend(
        orient="bottom", columns=4, values=[look[0] for look in _POINTS.values() if look[0] in used]
    )
    complete = [point for point in points if point["is_complete"]]
    return [
        alt.Chart(data(complete))
        .mark_line(color=DARK, strokeWidth=1.6)
        .encode(x=_x(), y=_y(rows, "value")),
        alt.Chart(data(points))
        .mark_point(strokeWidth=1.4, opacity=1, filled=True)
        .encode(
            x=_x(),
            y=_y(rows, "value"),
            shape=alt.Shape("sign:N", scale=scale(1), legend=legend),
            size=alt.Size("sign:N", scale=scale(2), legend=legend),
            fill=alt.Fill("sign:N", scale=scale(3), legend=legend),
            stroke=alt.Stroke("sign:N", scale=outline, legend=legend),
        ),
    ]


def _sign(row: dict[str, Any]) -> tuple[str, str, int, str]:
    """Return how a month's dot is drawn. Without limits, a complete month shows no change."""
    if not row["is_complete_period"]:
        return _POINTS[None]
    return _POINTS[row["variation"] or "COMMON"]


def _in_words(rows: Rows) -> str:
    """Return, in words, the last complete month, its signs, and how its limits were computed."""
    complete = [row for row in rows if row["is_complete_period"] and row["value"] is not None]
    if not complete:
        return "No month is complete yet."
    last = complete[-1]
    begin = f"{month(last['period_start'])}: {_figure(rows, last['value'])}."
    if last["kind"] is None:
        return f"{begin} No limits are drawn. {last['why_none']}"
    verdict = WORDS["assurances"].get(last["assurance"], "")
    if not verdict and last["target"] is not None:
        verdict = f"No verdict on the target. {last['why_no_assurance']}"
    parts = [
        begin,
        _changes(complete[-12:]),
        verdict,
        f"Centre {_figure(rows, last['centre'])}, {WORDS['limits'][last['kind']]}, from "
        f"{count(last['baseline_months'], 'month')} with a figure since "
        f"{month(last['baseline_from'])}.",
    ]
    if last["baseline_reason"]:
        decided: date = last["baseline_decided_on"]
        parts.append(
            f"The {last['baseline_decided_by']} decided this baseline in {month(decided)}: "
            f"{last['baseline_reason']}."
        )
    return " ".join(filter(None, parts))


def _changes(rows: Rows) -> str:
    """Return in words how many of the given months are marked, and how often chance marks one."""
    since = f"the {len(rows)} complete months with a figure since {month(rows[0]['period_start'])}"
    found = Counter(row["variation"] for row in rows)
    number = found["IMPROVING"] + found["CONCERNING"]
    marked = [
        f"{found[code]} {code.lower()}" for code in ("IMPROVING", "CONCERNING") if found[code]
    ]
    chance = f"If nothing changes, chance alone marks a month in {_by_chance(rows)}."
    if not marked:
        return f"None of {since} is marked. {chance}"
    signs = {WORDS["special_causes"].get(row["special_cause"] or "") for row in rows} - {None}
    return (
        f"Of {since}, {number} {'is' if number == 1 else 'are'} marked: "
        f"{' and '.join(marked)} ({'; '.join(sorted(map(str, signs)))}). {chance}"
    )


def _by_chance(rows: Rows) -> str:
    """Return how often a year without a change has a marked month (docs/explanation/spc.md).

    It is often if the rarer of the two results of a case happens less than once a month.
    """
    rare = [
        row["denominator"] * min(row["centre"], 1 - row["centre"])
        for row in rows
        if row["centre"] is not None
    ]
    is_often = _unit(rows) == "share" and rare and sum(rare) / len(rare) < 1
    return str(WORDS["by_chance"]["often" if is_often else "seldom"])


def _table(rows: Rows) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    head = ("Month", "Figure", "Of", "Limits", "Sign")
    return head, [
        (
            month(row["period_start"]) + ("" if row["is_complete_period"] else " (so far)"),
            _figure(rows, row["value"]),
            _of(row),
            _between(rows, row),
            _sign_in_words(row),
        )
        for row in rows
    ]


def _of(row: dict[str, Any]) -> str:
    if row["numerator"] is None:
        return f"{row['denominator']:,}"
    return f"{row['numerator']:,} of {row['denominator']:,}"


def _between(rows: Rows, row: dict[str, Any]) -> str:
    unit = _unit(rows)
    if row["lower"] is None or unit == "share":
        return interval(row["lower"], row["upper"])
    return f"{row['lower']:.1f}–{row['upper']:.1f}{' h' if unit == 'hours' else ''}"


def _sign_in_words(row: dict[str, Any]) -> str:
    if row["variation"] is None:
        return NOTHING
    label = _POINTS[row["variation"]][0]
    cause = WORDS["special_causes"].get(row["special_cause"] or "")
    return f"{label}: {cause}" if cause else label


def _figure(rows: Rows, value: float | None) -> str:
    # The centre of a count lies between whole numbers.
    if _unit(rows) == "count" and value is not None and value % 1:
        return f"{value:,.1f}"
    return in_unit(value, _unit(rows)).replace(" hours", " h")


def _unit(rows: Rows) -> str:
    return str(rows[0]["unit_of_value"])
