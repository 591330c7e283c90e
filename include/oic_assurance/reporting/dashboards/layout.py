"""Convert the layout of a dashboard to Superset's format. Each row has twelve grid columns."""

from collections.abc import Iterable, Sequence
from typing import Any

from oic_assurance.reporting.dashboards.description import GRID, Chart, Dashboard

Position = dict[str, Any]


def position(
    dashboard: Dashboard,
    all_dashboards: Sequence[Dashboard],
    charts: Iterable[tuple[Chart, int, str]],
) -> Position:
    """Return the layout of a dashboard.

    `all_dashboards` are named in the row of links at the top. `charts` holds each chart with its
    number and its UUID.
    """
    placed = {chart.title: (number, uuid) for chart, number, uuid in charts}
    parts = [
        [_text("links", _links(dashboard, all_dashboards), 7)],
        *([_chart(chart, *placed[chart.title]) for chart in row] for row in dashboard.answer),
        [_text("introduction", dashboard.description, 9)],
        *([_chart(chart, *placed[chart.title]) for chart in row] for row in dashboard.rows),
    ]
    rows = [_row(index, row) for index, row in enumerate(parts)]
    layout: Position = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {
            "id": "GRID_ID",
            "type": "GRID",
            "children": [row[0]["id"] for row in rows],
            "parents": ["ROOT_ID"],
        },
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": dashboard.title}},
    }
    return layout | {part["id"]: part for row in rows for part in row}


def _links(dashboard: Dashboard, all_dashboards: Sequence[Dashboard]) -> str:
    """Return the links to all dashboards, in order, with the shown one marked.

    The links are relative, so they work wherever Superset is served.
    """
    return " · ".join(
        f"**▸ {one.number} {one.short}**"
        if one is dashboard
        else f"[{one.number} {one.short}](../{one.name}/)"
        for one in all_dashboards
    )


def _text(name: str, text: str, height: int) -> Position:
    return {
        "id": f"MARKDOWN-{name}",
        "type": "MARKDOWN",
        "children": [],
        "meta": {"code": text, "width": GRID, "height": height},
    }


def _row(index: int, parts: list[Position]) -> list[Position]:
    name = f"ROW-{index}"
    row = {
        "id": name,
        "type": "ROW",
        "children": [part["id"] for part in parts],
        "parents": ["ROOT_ID", "GRID_ID"],
        "meta": {"background": "BACKGROUND_TRANSPARENT"},
    }
    return [row, *({**part, "parents": ["ROOT_ID", "GRID_ID", name]} for part in parts)]


def _chart(chart: Chart, number: int, uuid: str) -> Position:
    return {
        "id": f"CHART-{number}",
        "type": "CHART",
        "children": [],
        "meta": {
            "chartId": number,
            "uuid": uuid,
            "sliceName": chart.title,
            "width": chart.width,
            "height": chart.height,
        },
    }
