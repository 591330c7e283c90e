"""Charts of referrals by class, of how documents were found, and of open exceptions."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
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
    count_axis,
    data,
    svg,
)
from oic_assurance.reporting.pack.words import AGE_BANDS, CLASSES, EXCEPTIONS, LINKS, month
from oic_assurance.reporting.screens.layout import count

Rows = Sequence[dict[str, Any]]
SHADES = dict(zip(CLASSES, (DARK, MIDDLE, LIGHT, SAND, ALARM, WHITE), strict=True))
MONTHS = 13
# The number of straight segments with which a curved ribbon is drawn.
STEPS = 24


def classes_by_month(rows: Rows) -> Picture:
    """Return a chart of reported cases by class in the last `MONTHS` months."""
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
    most = max((sum(found.get((day, code), 0) for code in used) for day in months), default=0)
    chart = (
        alt.Chart(data(drawn))
        .mark_bar(stroke=QUIET, strokeWidth=0.6)
        .encode(
            x=alt.X(
                "yearmonth(month):O",
                title=None,
                axis=alt.Axis(format="%b %y", labelAngle=-60, grid=False),
            ),
            y=alt.Y("referrals:Q", title=None, axis=count_axis(most)),
            color=alt.Color("class:N", scale=_scale(used), sort=None),
            order="order:Q",
        )
    )
    since = f", since {month(months[0])}" if months else ""
    cases = sum(found.get((day, code), 0) for day in months for code in used)
    missing = sum(found.get((day, "missing"), 0) for day in months)
    return Picture(
        f"Reported cases by document status{since}",
        f"{cases:,} cases in {len(months)} months. The document is missing for {missing:,}.",
        svg(chart, height=250),
        ("Month", *(CLASSES[code] for code in used)),
        [(month(day), *(str(found.get((day, code), 0)) for code in used)) for day in months],
    )


def _scale(used: Sequence[str]) -> Any:
    import altair as alt

    return alt.Scale(domain=[CLASSES[code] for code in used], range=[SHADES[code] for code in used])


def flow(rows: Rows, since: date | None) -> Picture:
    """Return a chart whose ribbons lead from how documents were found to referral classes.

    `since` is the first month of the referrals, for the title.
    """
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
        "How documents were found" + (f", since {month(since)}" if since else ""),
        "Left: how the document of a case was found. Right: the resulting document status.",
        svg(alt.layer(bands, left, right), height=240),
        ("Document found by", "Document status", "Cases"),
        [
            (LINKS[row["link_method"]], CLASSES[row["intelligence_class"]], str(row["referrals"]))
            for row in rows
        ],
    )


def _ribbons(rows: Rows) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the points of the ribbons, and the labels at both ends.

    There is one ribbon for each pair of a link method (left) and a class (right).
    """
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
            size = counted.get((link, code), 0)
            if not size:
                continue
            start = lefts[link][0] + used_left[link]
            end = rights[code][0] + used_right[code]
            used_left[link] += size
            used_right[code] += size
            ribbons += _ribbon(f"{link} {code}", CLASSES[code], start, end, size)
    labels = [
        {"side": side, "x": x, "middle": low + size / 2, "words": f"{names[code]} ({size})"}
        for side, x, ends, names in (("from", 0, lefts, LINKS), ("to", 1, rights, CLASSES))
        for code, (low, size) in ends.items()
        if size
    ]
    return ribbons, labels


def _stack(sizes: Sequence[tuple[str, int]], gap: float) -> dict[str, tuple[float, int]]:
    """Stack items with gaps between them, and return the start and the size of each item."""
    stacked, low = {}, 0.0
    for name, size in sizes:
        stacked[name] = (low, size)
        low += size + gap if size else 0
    return stacked


def _ribbon(name: str, group: str, start: float, end: float, size: int) -> list[dict[str, Any]]:
    bands = []
    for step in range(STEPS + 1):
        x = step / STEPS
        # The curve goes smoothly from `start` to `end` and is flat at both ends.
        low = start + (end - start) * x * x * (3 - 2 * x)
        bands.append({"ribbon": name, "class": group, "x": x, "low": low, "high": low + size})
    return bands


def exceptions_by_age(title: str, rows: Rows) -> Picture:
    """Return a chart of open exceptions by kind and age."""
    import altair as alt

    shades = dict(zip(AGE_BANDS, (WHITE, LIGHT, MIDDLE, DARK), strict=True))
    codes = [code for code in EXCEPTIONS if any(row["exception_code"] == code for row in rows)]
    found = {(row["exception_code"], row["age_band"]): row["exceptions"] for row in rows}
    drawn = [
        {
            "kind": EXCEPTIONS[code],
            "age": f"{band} days",
            "order": order,
            "exceptions": found.get((code, band), 0),
        }
        for code in codes
        for order, band in enumerate(AGE_BANDS)
    ]
    of_kind: Counter[str] = Counter()
    for (code, _), number in found.items():
        of_kind[code] += number
    most = max(of_kind.values(), default=0)
    chart = (
        alt.Chart(data(drawn))
        .mark_bar(stroke=QUIET, strokeWidth=0.6, height={"band": 0.7})
        .encode(
            y=alt.Y(
                "kind:N",
                sort=[EXCEPTIONS[code] for code in codes],
                title=None,
                axis=alt.Axis(domain=False, ticks=False),
            ),
            x=alt.X("exceptions:Q", title=None, axis=count_axis(most)),
            color=alt.Color(
                "age:N",
                scale=alt.Scale(
                    domain=[f"{band} days" for band in AGE_BANDS], range=list(shades.values())
                ),
            ),
            order="order:Q",
        )
    )
    total = sum(found.values())
    old = sum(n for (_, band), n in found.items() if band == AGE_BANDS[-1])
    return Picture(
        title,
        f"{count(total, 'open exception')} of all months, {old:,} of them older than four weeks.",
        svg(chart, height=76 + 26 * max(len(codes), 1)),
        ("Exception", *(f"{band} days" for band in AGE_BANDS)),
        [
            (EXCEPTIONS[code], *(str(found.get((code, band), 0)) for band in AGE_BANDS))
            for code in codes
        ],
    )
