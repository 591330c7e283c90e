"""Charts of referrals by class, and of open exceptions."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from oic_assurance.formats import count
from oic_assurance.reporting.pack.words import AGE_BANDS, CLASSES, EXCEPTIONS, month
from oic_assurance.reporting.paper.drawing import (
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

Rows = Sequence[dict[str, Any]]
SHADES = dict(zip(CLASSES, (DARK, MIDDLE, LIGHT, SAND, ALARM, WHITE), strict=True))
MONTHS = 13


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
        f"{count(total, 'open exception')} of all months, {old:,} of them older than four weeks. "
        "One person can have several.",
        svg(chart, height=76 + 26 * max(len(codes), 1)),
        ("Exception", *(f"{band} days" for band in AGE_BANDS)),
        [
            (EXCEPTIONS[code], *(str(found.get((code, band), 0)) for band in AGE_BANDS))
            for code in codes
        ],
    )
