"""Pictures of referrals: their classes, how they came to them, how old is what is missing."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from oic_assurance.reporting.pack.drawing import (
    ALARM,
    DARK,
    LIGHT,
    MIDDLE,
    QUIET,
    SAND,
    WHITE,
    Picture,
    data,
    svg,
)
from oic_assurance.reporting.pack.words import AGE_BANDS, CLASSES, EXCEPTIONS, LINKS, month

Rows = Sequence[dict[str, Any]]
SHADES = dict(zip(CLASSES, (DARK, MIDDLE, LIGHT, SAND, ALARM, WHITE), strict=True))
MONTHS = 13
# A ribbon is drawn through so many places.
STEPS = 24


def classes_by_month(rows: Rows) -> Picture:
    """Return reported cases by class and month: the last twelve complete months and this one."""
    import altair as alt

    months = sorted({row["period_start"] for row in rows})[-MONTHS:]
    found = {(row["period_start"], row["intelligence_class"]): row["referrals"] for row in rows}
    used = [code for code in CLASSES if any((month, code) in found for month in months)]
    drawn = [
        {
            "month": day,
            "class": CLASSES[code],
            "order": order,
            "referrals": found.get((day, code), 0),
        }
        for day in months
        for order, code in enumerate(used)
    ]
    chart = (
        alt.Chart(data(drawn))
        .mark_bar(stroke=QUIET, strokeWidth=0.6)
        .encode(
            x=alt.X(
                "yearmonth(month):O",
                title=None,
                axis=alt.Axis(format="%b %y", labelAngle=-60, grid=False),
            ),
            y=alt.Y("referrals:Q", title=None, axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("class:N", scale=_scale(used), sort=None),
            order="order:Q",
        )
    )
    cases = sum(found.get((day, code), 0) for day in months for code in used)
    missing = sum(found.get((day, "missing"), 0) for day in months)
    return Picture(
        "Reported cases by what became of their document",
        f"{cases} cases in {len(months)} months; of {missing} the document is missing.",
        svg(chart, height=250),
        ("Month", *(CLASSES[code] for code in used)),
        [(month(day), *(str(found.get((day, code), 0)) for code in used)) for day in months],
    )


def _scale(used: Sequence[str]) -> Any:
    import altair as alt

    return alt.Scale(domain=[CLASSES[code] for code in used], range=[SHADES[code] for code in used])


def flow(rows: Rows) -> Picture:
    """Return how cases came to their class: by which way a document was found for them."""
    import altair as alt

    ribbons, labels = _ribbons(rows)
    used = [code for code in CLASSES if any(r["intelligence_class"] == code for r in rows)]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-1.25, 1.75]))
    y = alt.Y("low:Q", axis=None, scale=alt.Scale(reverse=True))
    bands = (
        alt.Chart(data(ribbons))
        .mark_area(opacity=0.85, stroke=QUIET, strokeWidth=0.6)
        .encode(
            x=x,
            y=y,
            y2="high:Q",
            detail="ribbon:N",
            color=alt.Color("class:N", scale=_scale(used), legend=None),
        )
    )
    names = alt.Chart(data(labels)).encode(x=x, y=alt.Y("middle:Q", axis=None), text="words:N")
    left = names.transform_filter("datum.side == 'from'").mark_text(
        align="right", dx=-6, fontSize=11
    )
    right = names.transform_filter("datum.side == 'to'").mark_text(align="left", dx=6, fontSize=11)
    return Picture(
        "How a case came to its class",
        "Left: how its document was found. Right: what became of the case.",
        svg(alt.layer(bands, left, right), height=240),
        ("How the document was found", "Class", "Cases"),
        [
            (LINKS[row["link_method"]], CLASSES[row["intelligence_class"]], str(row["referrals"]))
            for row in rows
        ],
    )


def _ribbons(rows: Rows) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a band for each way to each class, and the words at its two ends."""
    counted = {(row["link_method"], row["intelligence_class"]): row["referrals"] for row in rows}
    total = sum(counted.values())
    gap = max(total, 1) * 0.06
    lefts = _stack(
        [(link, sum(n for (a, _), n in counted.items() if a == link)) for link in LINKS], gap
    )
    rights = _stack(
        [(code, sum(n for (_, b), n in counted.items() if b == code)) for code in CLASSES], gap
    )
    used_left: Counter[str] = Counter()
    used_right: Counter[str] = Counter()
    ribbons = []
    for link in LINKS:
        for code in CLASSES:
            count = counted.get((link, code), 0)
            if not count:
                continue
            start = lefts[link][0] + used_left[link]
            end = rights[code][0] + used_right[code]
            used_left[link] += count
            used_right[code] += count
            ribbons += _ribbon(f"{link} {code}", CLASSES[code], start, end, count)
    labels = [
        {"side": side, "x": x, "middle": low + size / 2, "words": f"{words[code]} ({size})"}
        for side, x, ends, words in (("from", 0, lefts, LINKS), ("to", 1, rights, CLASSES))
        for code, (low, size) in ends.items()
        if size
    ]
    return ribbons, labels


def _stack(sizes: Sequence[tuple[str, int]], gap: float) -> dict[str, tuple[float, int]]:
    """Return where each of several things begins when they are put below each other."""
    places, low = {}, 0.0
    for name, size in sizes:
        places[name] = (low, size)
        low += size + gap if size else 0
    return places


def _ribbon(name: str, group: str, start: float, end: float, size: int) -> list[dict[str, Any]]:
    bands = []
    for step in range(STEPS + 1):
        x = step / STEPS
        way = x * x * (3 - 2 * x)
        low = start + (end - start) * way
        bands.append({"ribbon": name, "class": group, "x": x, "low": low, "high": low + size})
    return bands


def age_of_open(title: str, rows: Rows) -> Picture:
    """Return what waits for somebody to act, by kind and by how long it has waited."""
    import altair as alt

    shades = dict(zip(AGE_BANDS, (WHITE, LIGHT, MIDDLE, DARK), strict=True))
    codes = [code for code in EXCEPTIONS if any(row["exception_code"] == code for row in rows)]
    found = {(row["exception_code"], row["age_band"]): row["exceptions"] for row in rows}
    drawn = [
        {
            "what": EXCEPTIONS[code],
            "age": f"{band} days",
            "order": order,
            "count": found.get((code, band), 0),
        }
        for code in codes
        for order, band in enumerate(AGE_BANDS)
    ]
    chart = (
        alt.Chart(data(drawn))
        .mark_bar(stroke=QUIET, strokeWidth=0.6, height={"band": 0.7})
        .encode(
            y=alt.Y(
                "what:N",
                sort=[EXCEPTIONS[code] for code in codes],
                title=None,
                axis=alt.Axis(domain=False, ticks=False),
            ),
            x=alt.X("count:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=5)),
            color=alt.Color(
                "age:N",
                scale=alt.Scale(
                    domain=[f"{band} days" for band in AGE_BANDS], range=list(shades.values())
                ),
            ),
            order="order:Q",
        )
    )
    everything = sum(found.values())
    old = sum(n for (_, band), n in found.items() if band == AGE_BANDS[-1])
    return Picture(
        title,
        f"{everything} wait for somebody to act, {old} of them for more than four weeks.",
        svg(chart, height=76 + 26 * max(len(codes), 1)),
        ("What waits", *(f"{band} days" for band in AGE_BANDS)),
        [
            (EXCEPTIONS[code], *(str(found.get((code, band), 0)) for band in AGE_BANDS))
            for code in codes
        ],
    )
