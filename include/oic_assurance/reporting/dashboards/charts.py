"""Convert a chart's settings, and the query for its data, to Superset's formats."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from oic_assurance.reporting.dashboards.description import Chart
from oic_assurance.reporting.dashboards.tables import (
    DAY,
    FORMATS,
    column_name,
    order,
    table,
)
from oic_assurance.reporting.dashboards.values import metric

ROW_LIMIT = 10_000
#: Superset's colour scheme for the series that colours.yml does not name. The first colour of the
#: scheme has enough contrast on white.
COLOUR_SCHEME = "d3Category10"
MONTH = "%b %Y"
#: The axis of a count is marked at whole numbers only, and that of shares at every fifth part.
AXES = {
    "number": "{ xAxis: { minInterval: 1 }, yAxis: { minInterval: 1 } }",
    "whole_share": "{ yAxis: { interval: 0.2 } }",
}
#: What Superset calls a filter on a period, and its value for all periods.
PERIOD, ALWAYS = "TEMPORAL_RANGE", "No filter"

VIZ_TYPES = {
    "text": "table",
    "table": "table",
    "line": "echarts_timeseries_line",
    "bar": "echarts_timeseries_bar",
    "timeline": "gantt_chart",
}
#: A line chart with marks has lines and bars.
LINES_AND_BARS = "mixed_timeseries"

Params = dict[str, Any]


def viz_type(chart: Chart) -> str:
    """Return Superset's name for the kind of a chart."""
    return LINES_AND_BARS if chart.marks else VIZ_TYPES[chart.kind]


def params(chart: Chart, colours: Mapping[str, str]) -> Params:
    """Return the settings of a chart in the format in which Superset stores them.

    The ID of the dataset is not included, because Superset's import adds it. `colours` gives the
    background colour of words in tables.
    """
    settings = table(chart, colours) if chart.columns else _SETTINGS[chart.kind](chart)
    return {
        "viz_type": viz_type(chart),
        "adhoc_filters": _filters(chart),
        "row_limit": ROW_LIMIT,
        "color_scheme": COLOUR_SCHEME,
        **settings,
        **chart.look,
    }


def queries(chart: Chart) -> list[Params]:
    """Return the chart's queries in the format of Superset's chart data API.

    A line chart with marks has two queries, one for the marks and one for the lines.
    """
    names = chart.columns or chart.groups
    shared: Params = {
        "columns": [column_name(chart, name) for name in names],
        "filters": [
            {"col": column, "op": "IN", "val": list(values)}
            for column, values in chart.where.items()
        ],
        "orderby": [] if chart.values else order(chart),
        "row_limit": ROW_LIMIT,
        "is_timeseries": False,
    }
    if chart.dataset.time:
        shared["filters"].append({"col": chart.dataset.time, "op": PERIOD, "val": ALWAYS})
    # A chart without aggregates shows each row of the dataset. So its `metrics` is `None`: with an
    # empty list, Superset would group the rows.
    return [
        {**shared, "metrics": [metric(chart.dataset, value) for value in values] or None}
        for values in ([chart.marks, chart.values] if chart.marks else [chart.values])
    ]


def _filters(chart: Chart) -> list[Params]:
    fixed: list[Params] = [
        {
            "clause": "WHERE",
            "expressionType": "SIMPLE",
            "subject": column,
            "operator": "IN",
            "comparator": list(values),
        }
        for column, values in chart.where.items()
    ]
    if chart.dataset.time:
        # A reader's filter on a period replaces the value of this filter.
        fixed.append(
            {
                "clause": "WHERE",
                "expressionType": "SIMPLE",
                "subject": chart.dataset.time,
                "operator": PERIOD,
                "comparator": ALWAYS,
            }
        )
    return fixed


def _axes(chart: Chart) -> Params:
    is_time = chart.dataset.columns[chart.x[0]].type == "date"
    return {
        "x_axis": column_name(chart, chart.x[0]),
        "time_grain_sqla": None,
        "groupby": [column_name(chart, name) for name in chart.by],
        "metrics": [metric(chart.dataset, value) for value in chart.values],
        "x_axis_time_format": MONTH,
        "tooltipTimeFormat": MONTH,
        "y_axis_format": FORMATS[chart.format],
        "show_legend": chart.kind != "line" and bool(chart.by or chart.values[1:]),
        "legendOrientation": "top",
        "legendType": "plain",
        "rich_tooltip": True,
        "showTooltipTotal": False,
        "show_empty_columns": False,
        "truncate_metric": True,
        "xAxisForceCategorical": not is_time,
        "sort_series_type": "name",
        "sort_series_ascending": True,
        "echart_options": None if chart.marks else AXES[chart.format],
    }


def _line(chart: Chart) -> Params:
    bounds: Params = (
        {"y_axis_bounds": [0, 1], "truncateYAxis": True} if "share" in chart.format else {}
    )
    points: Params = {"markerEnabled": True, "markerSize": 5}
    return {**_axes(chart), **points, **bounds, **(_lines_and_bars(chart) if chart.marks else {})}


def _lines_and_bars(chart: Chart) -> Params:
    """Return the settings of a chart with lines and marks.

    Superset draws the second query over the first. So the marks are the first query.
    """
    return {
        "groupby": [],
        "metrics": [metric(chart.dataset, value) for value in chart.marks],
        "groupby_b": [column_name(chart, name) for name in chart.by],
        "metrics_b": [metric(chart.dataset, value) for value in chart.values],
        "adhoc_filters_b": _filters(chart),
        "row_limit_b": ROW_LIMIT,
        "truncate_metric_b": True,
        "seriesType": "bar",
        "seriesTypeB": "line",
        "markerEnabled": False,
        "markerEnabledB": True,
        "markerSizeB": 5,
        "yAxisIndex": 0,
        "yAxisIndexB": 0,
        "y_axis_format_secondary": FORMATS[chart.format],
    }


def _bar(chart: Chart) -> Params:
    is_time = chart.dataset.columns[chart.x[0]].type == "date"
    has_series = bool(chart.by) or len(chart.values) > 1
    categories: Params = {
        "orientation": "horizontal",
        "x_axis_sort": "sum" if has_series else chart.values[0].title,
        "x_axis_sort_asc": True,
    }
    stacked: Params = {"stack": "Stack"} if has_series else {"show_value": True}
    return {**_axes(chart), **stacked, **({} if is_time else categories)}


def _timeline(chart: Chart) -> Params:
    start, end = chart.x
    rows, *series = chart.by
    return {
        "start_time": column_name(chart, start),
        "end_time": column_name(chart, end),
        "y_axis": column_name(chart, rows),
        "series": column_name(chart, series[0]) if series else column_name(chart, rows),
        "subcategories": False,
        "tooltip_columns": [],
        "x_axis_time_format": MONTH,
        "tooltipTimeFormat": DAY,
        "show_legend": True,
        "legendOrientation": "top",
        "legendType": "plain",
        "order_by_cols": [json.dumps([column_name(chart, rows), True])],
        "x_axis_title_margin": 15,
        "y_axis_title": " ",
        "y_axis_title_margin": 110,
        "zoomable": False,
    }


_SETTINGS: Mapping[str, Callable[[Chart], Params]] = {
    "line": _line,
    "bar": _bar,
    "timeline": _timeline,
}
