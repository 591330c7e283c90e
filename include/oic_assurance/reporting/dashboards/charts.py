"""Convert a chart's settings, and the query for its data, to Superset's formats."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from oic_assurance.reporting.dashboards.description import Chart, Value

ROW_LIMIT = 10_000
#: Superset's colour scheme for the series that colours.yml does not name. The first colour of the
#: scheme has enough contrast on white.
COLOUR_SCHEME = "d3Category10"
#: Number formats, keyed by the name that dashboard descriptions use. The values are format strings
#: of the JavaScript library d3.
FORMATS = {"share": ".1%", "whole_share": ".0%", "number": ",d", "hours": ",.1f"}
MONTH, DAY = "%b %Y", "%d %b %Y"

VIZ_TYPES = {
    "table": "table",
    "number": "big_number",
    "line": "echarts_timeseries_line",
    "bar": "echarts_timeseries_bar",
    "heat_map": "heatmap_v2",
    "matrix": "pivot_table_v2",
    "flow": "sankey_v2",
    "timeline": "gantt_chart",
}

Params = dict[str, Any]


def params(chart: Chart) -> Params:
    """Return the settings of a chart in the format in which Superset stores them.

    The ID of the dataset is not included, because Superset's import adds it.
    """
    return {
        "viz_type": VIZ_TYPES[chart.kind],
        "adhoc_filters": [
            {
                "clause": "WHERE",
                "expressionType": "SIMPLE",
                "subject": column,
                "operator": "IN",
                "comparator": list(values),
            }
            for column, values in chart.where.items()
        ],
        "row_limit": ROW_LIMIT,
        "color_scheme": COLOUR_SCHEME,
        **_SETTINGS[chart.kind](chart),
        **chart.look,
    }


def query(chart: Chart) -> Params:
    """Return the chart's query in the format of Superset's chart data API."""
    names = chart.columns if chart.kind == "table" else chart.groups
    return {
        "columns": [column_name(chart, name) for name in names],
        # A chart without aggregates shows each row of the dataset. So its `metrics` is `None`: with
        # an empty list, Superset would group the rows.
        "metrics": [metric(value) for value in chart.values] or None,
        "filters": [
            {"col": column, "op": "IN", "val": list(values)}
            for column, values in chart.where.items()
        ],
        "orderby": [_order(chart)] if chart.sort else [],
        "row_limit": ROW_LIMIT,
        "is_timeseries": False,
    }


def column_name(chart: Chart, name: str) -> str:
    """Return the dataset column that a chart shows for the column `name` in its description.

    If the column `name` holds codes, the result is the computed column with words for the codes.
    """
    return chart.dataset.columns[name].chart_column


def metric(value: Value) -> Params:
    """Return an aggregate as a Superset metric that is defined inside one chart."""
    named = {"label": value.title, "hasCustomLabel": True, "optionName": f"metric_{value.title}"}
    if value.how == "share":
        part, whole = value.of
        share = f"cast(sum({part}) as double precision) / nullif(sum({whole}), 0)"
        return {"expressionType": "SQL", "sqlExpression": share, **named}
    return {
        "expressionType": "SIMPLE",
        "column": {"column_name": value.of[0]},
        "aggregate": value.how.upper(),
        **named,
    }


def _order(chart: Chart) -> list[Any]:
    """Return the column to sort by, and whether the order is ascending."""
    name = (chart.sort or "").removeprefix("-")
    return [name, not (chart.sort or "").startswith("-")]


def _table(chart: Chart) -> Params:
    columns = [chart.dataset.columns[name] for name in chart.columns]
    formats = {value.title: _format_of_value(value) for value in chart.values}
    if chart.values:
        shown: Params = {
            "query_mode": "aggregate",
            "groupby": [column.chart_column for column in columns],
            "metrics": [metric(value) for value in chart.values],
            "timeseries_limit_metric": metric(chart.values[0]),
            "order_desc": False,
        }
    else:
        shown = {
            "query_mode": "raw",
            "all_columns": [column.chart_column for column in columns],
            "order_by_cols": [json.dumps(_order(chart))] if chart.sort else [],
        }
    formats |= {
        column.chart_column: _format_of(column.name, column.type)
        for column in columns
        if column.type in ("bigint", "integer", "double precision")
    }
    return {
        **shown,
        "table_timestamp_format": DAY,
        "show_cell_bars": bool(chart.values),
        "color_pn": False,
        "allow_render_html": False,
        "column_config": {
            name: {"d3NumberFormat": given, "showCellBars": given == FORMATS["share"]}
            for name, given in formats.items()
        },
    }


def _format_of(name: str, sql_type: str) -> str:
    if sql_type != "double precision":
        return FORMATS["number"]
    return FORMATS["hours" if name.endswith("per_week") else "share"]


def _format_of_value(value: Value) -> str:
    return FORMATS["share" if value.how == "share" else "number"]


def _matrix(chart: Chart) -> Params:
    return {
        "groupbyRows": [column_name(chart, name) for name in chart.by],
        "groupbyColumns": [column_name(chart, name) for name in chart.x],
        "metrics": [metric(value) for value in chart.values],
        "metricsLayout": "COLUMNS",
        "aggregateFunction": "Sum",
        "rowTotals": True,
        "colTotals": True,
        "rowOrder": "value_z_to_a",
        "colOrder": "key_a_to_z",
        "valueFormat": FORMATS[chart.format],
        "combineMetric": False,
    }


def _number(chart: Chart) -> Params:
    return {
        "x_axis": column_name(chart, chart.x[0]),
        "time_grain_sqla": None,
        "metric": metric(chart.values[0]),
        "subtitle": chart.description,
        "subtitle_font_size": 0.125,
        "header_font_size": 0.4,
        "show_trend_line": True,
        "start_y_axis_at_zero": True,
        "rolling_type": "None",
        "color_picker": {"r": 31, "g": 78, "b": 121, "a": 1},
        "y_axis_format": FORMATS[chart.format],
        "time_format": MONTH,
    }


def _axes(chart: Chart) -> Params:
    is_time = chart.dataset.columns[chart.x[0]].type == "date"
    return {
        "x_axis": column_name(chart, chart.x[0]),
        "time_grain_sqla": None,
        "groupby": [column_name(chart, name) for name in chart.by],
        "metrics": [metric(value) for value in chart.values],
        "x_axis_time_format": MONTH,
        "tooltipTimeFormat": MONTH,
        "y_axis_format": FORMATS[chart.format],
        "show_legend": bool(chart.by) or len(chart.values) > 1,
        "legendOrientation": "top",
        "legendType": "plain",
        "rich_tooltip": True,
        "showTooltipTotal": False,
        "show_empty_columns": False,
        "truncate_metric": True,
        "xAxisForceCategorical": not is_time,
        "sort_series_type": "name",
        "sort_series_ascending": True,
    }


def _line(chart: Chart) -> Params:
    bounds: Params = (
        {"y_axis_bounds": [0, 1], "truncateYAxis": True} if "share" in chart.format else {}
    )
    return {**_axes(chart), "markerEnabled": True, "markerSize": 5, **bounds}


def _bar(chart: Chart) -> Params:
    is_time = chart.dataset.columns[chart.x[0]].type == "date"
    categories: Params = {
        "orientation": "horizontal",
        "x_axis_sort": chart.values[0].title,
        "x_axis_sort_asc": True,
    }
    stacked: Params = (
        {"stack": "Stack"} if chart.by or len(chart.values) > 1 else {"show_value": True}
    )
    return {**_axes(chart), **stacked, **({} if is_time else categories)}


def _heat_map(chart: Chart) -> Params:
    return {
        "x_axis": column_name(chart, chart.x[0]),
        "time_grain_sqla": None,
        "groupby": column_name(chart, chart.by[0]),
        "metric": metric(chart.values[0]),
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",
        "normalize_across": "heatmap",
        "linear_color_scheme": "schemeBlues",
        "legend_type": "continuous",
        "left_margin": "auto",
        "bottom_margin": "auto",
        "xscale_interval": 1,
        "yscale_interval": 1,
        "value_bounds": [0, 1],
        "show_legend": True,
        "show_percentage": False,
        "show_values": True,
        "y_axis_format": FORMATS[chart.format],
    }


def _flow(chart: Chart) -> Params:
    return {
        "source": column_name(chart, chart.x[0]),
        "target": column_name(chart, chart.by[0]),
        "metric": metric(chart.values[0]),
    }


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
    "table": _table,
    "number": _number,
    "line": _line,
    "bar": _bar,
    "heat_map": _heat_map,
    "matrix": _matrix,
    "flow": _flow,
    "timeline": _timeline,
}
