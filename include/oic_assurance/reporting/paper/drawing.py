"""The style of all charts for readers, and the conversion of Altair charts to SVG for a page.

- A chart is as wide as the screen of a phone, so that its text is readable on a phone. On paper,
  two charts fit side by side.
- The colours differ in lightness, so that a black-and-white copy is readable.
- Below each chart is a table with its numbers.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import altair as alt

from oic_assurance.warehouse.folders import replacing

WIDTH = 420
HEIGHT = 230
FONT = "Source Sans Pro"
INK = "#1d2733"
QUIET = "#5c6773"
RULE = "#c9d0d8"
DARK, MIDDLE, LIGHT, PALE = "#1f4e79", "#6c9dc6", "#b5d0e6", "#e6eef5"
SAND, ALARM, WHITE = "#d9cdb0", "#20242a", "#ffffff"
#: The width in pixels after which a name from the data is cut off. Other labels are never cut off:
#: to measure a label against a limit takes as long as to draw it.
NAME_WIDTH = 190

#: What a drawing follows from, besides its chart.
DRAWN_WITH = ("vl-convert-python", "font-source-sans-pro")
#: The drawings of the last time and of this time, by the hash of what they follow from.
_drawings: ContextVar[tuple[Mapping[str, str], dict[str, str]]] = ContextVar("drawings")

_LENGTH = re.compile(r"<svg([^>]*?) width=\"([0-9.]+)\" height=\"([0-9.]+)\"")


def data(rows: Sequence[dict[str, Any]]) -> Any:
    """Return rows as data for an Altair chart.

    Dates become ISO 8601 strings, which Vega (the library that draws the chart) reads as UTC.
    """
    return alt.Data(values=[{name: _plain(value) for name, value in row.items()} for row in rows])


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def count_axis(most: int) -> Any:
    """Return an axis for counts up to `most`, with whole numbers only."""
    steps = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
    step = next((one for one in steps if most <= 5 * one), steps[-1])
    return alt.Axis(values=list(range(0, most + step, step)), format=",d")


def time_axis(field: str, **more: Any) -> Any:
    """Return the horizontal axis of a chart over months."""
    axis = alt.Axis(format="%b %y", tickCount=6, grid=False)
    return alt.X(f"{field}:T", title=None, axis=axis, **more)


def share_axis(field: str) -> Any:
    """Return the vertical axis of a chart of shares, from 0 to 100%."""
    scale = alt.Scale(domain=[0, 1])
    return alt.Y(f"{field}:Q", title=None, scale=scale, axis=alt.Axis(format="%"))


def fixed_scale(of: Mapping[str, Any]) -> Any:
    """Return a scale that gives each name its colour, shape, size or dashes."""
    return alt.Scale(domain=list(of), range=list(of.values()))


def names_axis() -> Any:
    """Return an axis for names from the data, which can be too long for the drawing."""
    return alt.Axis(domain=False, ticks=False, labelLimit=NAME_WIDTH)


def stacked(
    counts: Mapping[tuple[str, str], int],
    names: Sequence[str],
    shades: Mapping[str, str],
    *,
    upright: bool = False,
) -> Any:
    """Return a chart of counts as bars, one for each name, with a part for each shade.

    Args:
        counts: The counts by name and part.
        names: The names, in their order.
        shades: The colour of each part, in their order.
        upright: Whether the bars stand. Otherwise they lie, and long names fit beside them.
    """
    drawn = [
        {"name": name, "part": part, "order": order, "count": counts.get((name, part), 0)}
        for name in names
        for order, part in enumerate(shades)
    ]
    most = max((sum(counts.get((name, part), 0) for part in shades) for name in names), default=0)
    of_name = alt.Axis(labelAngle=-60, grid=False) if upright else names_axis()
    along = {"sort": list(names), "title": None, "axis": of_name}
    length = {"title": None, "axis": count_axis(most)}
    columns = 3 if max(map(len, shades), default=0) <= 12 else 2
    legend = alt.Legend(columns=columns) if len(shades) > 1 else None
    return (
        alt.Chart(data(drawn))
        .mark_bar(stroke=QUIET, strokeWidth=0.6, **({} if upright else {"height": {"band": 0.72}}))
        .encode(
            x=alt.X("name:N", **along) if upright else alt.X("count:Q", **length),
            y=alt.Y("count:Q", **length) if upright else alt.Y("name:N", **along),
            color=alt.Color("part:N", scale=fixed_scale(shades), sort=None, legend=legend),
            order="order:Q",
        )
    )


def svg(chart: Any, *, width: int = WIDTH, height: int = HEIGHT) -> str:
    """Return an Altair chart as SVG for a page.

    `width` and `height` are in pixels. On a narrower page, the drawing shrinks with the page. The
    IDs inside the SVG differ from those of all other charts on the page, and the same chart always
    gives the same text.
    """
    drawn = chart.properties(
        width=width,
        height=height,
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        padding=2,
    ).configure(**_config())
    specification = drawn.to_dict(validate=False)
    follows_from = json.dumps([specification, *map(version, DRAWN_WITH)])
    key = hashlib.sha256(follows_from.encode()).hexdigest()
    before, now = _drawings.get(({}, {}))
    now[key] = before.get(key) or _draw(specification)
    return _embedded(now[key])


@contextmanager
def drawings_kept(file: Path) -> Iterator[None]:
    """Draw only charts that the file does not have. After the block, it has those of the block."""
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # A file that was cut off is as good as none.
        before = {}
    now: dict[str, str] = {}
    token = _drawings.set((before, now))
    try:
        yield
    finally:
        _drawings.reset(token)
    if now != before:
        with replacing(file) as draft:
            draft.write_text(json.dumps(now), encoding="utf-8")


def _draw(specification: dict[str, Any]) -> str:
    import vl_convert

    _register_font()
    return str(vl_convert.vegalite_to_svg(specification))


@cache
def _register_font() -> None:
    """Make the font known to the converter, which keeps it as long as the process lives."""
    import vl_convert
    from font_source_sans_pro import font_directory

    vl_convert.register_font_directory(font_directory)


def _embedded(text: str) -> str:
    """Return an SVG that shrinks with its page and has unique IDs."""
    prefix = f"d{hashlib.sha256(text.encode()).hexdigest()[:12]}-"
    text = re.sub(r"\bid=\"", f'id="{prefix}', text)
    text = text.replace("url(#", f"url(#{prefix}")
    return _LENGTH.sub(r'<svg\1 width="\2" focusable="false" aria-hidden="true"', text, 1)


def _config() -> dict[str, Any]:
    label = {"labelFont": FONT, "titleFont": FONT, "labelColor": INK, "titleColor": QUIET}
    return {
        "font": FONT,
        "aria": False,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": {
            **label,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "domainColor": QUIET,
            "tickColor": RULE,
            "gridColor": "#e4e8ec",
            "labelLimit": 0,
        },
        "legend": {
            **label,
            "labelFontSize": 12,
            "title": None,
            "orient": "top",
            "symbolStrokeWidth": 1,
            "columns": 3,
            "labelLimit": 0,
            "rowPadding": 2,
            "columnPadding": 8,
        },
        "text": {"font": FONT, "fontSize": 12, "color": INK},
    }
