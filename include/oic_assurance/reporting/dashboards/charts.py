"""Convert a chart's settings, and the query for its data, to Superset's formats.

What is the same for every chart of a kind stands in `settings.yml` beside the descriptions.
"""

import json
from collections.abc import Mapping
from typing import Any

from oic_assurance.reporting.dashboards.datasets import Column
from oic_assurance.reporting.dashboards.description import Chart
from oic_assurance.reporting.dashboards.values import SHARES, metric

#: What Superset calls a filter on a period, and its value for all periods.
PERIOD, ALWAYS = "TEMPORAL_RANGE", "No filter"
#: The settings of a line chart with marks.
WITH_MARKS = "lines_and_marks"

Params = dict[str, Any]


def params(chart: Chart, given: Mapping[str, Any], colours: Mapping[str, str]) -> Params:
    """Return the settings of a chart in the format in which Superset stores them.

    The ID of the dataset is not included, because Superset's import adds it. `given` is the content
    of `settings.yml`. `colours` gives the background colour of words in tables.
    """
    kind = WITH_MARKS if chart.marks else chart.kind
    if chart.columns:
        own = _table(chart, given["formats"]) | _coloured(chart, colours)
    elif chart.kind == "timeline":
        own = _timeline(chart)
    else:
        own = _axes(chart, given) | (_bar(chart) if chart.kind == "bar" else _line(chart, given))
    return {
        **given["charts"]["every"],
        **given["charts"][kind],
        "adhoc_filters": _filters(chart),
        **own,
        **chart.look,
    }


def queries(chart: Chart, row_limit: int) -> list[Params]:
    """Return the chart's queries in the format of Superset's chart data API.

    A line chart with marks has two queries, one for the marks and one for the lines.
    """
    names = chart.columns or chart.groups
    shared: Params = {
        "columns": [_name(chart, name) for name in names],
        "filters": [
            {"col": one["subject"], "op": one["operator"], "val": one["comparator"]}
            for one in _filters(chart)
        ],
        "orderby": [] if chart.values else _order(chart),
        "row_limit": row_limit,
        "is_timeseries": False,
    }
    # A chart without aggregates shows each row of the dataset. So its `metrics` is `None`: with an
    # empty list, Superset would group the rows.
    return [
        {**shared, "metrics": [metric(chart.dataset, value) for value in values] or None}
        for values in ([chart.marks, chart.values] if chart.marks else [chart.values])
    ]


def _name(chart: Chart, name: str) -> str:
    return chart.dataset.columns[name].chart_column


def _order(chart: Chart) -> list[list[Any]]:
    """Return the columns to sort by, each with whether its order is ascending."""
    return [[name.removeprefix("-"), not name.startswith("-")] for name in chart.sort]


def _filters(chart: Chart) -> list[Params]:
    fixed: list[tuple[str, str, Any]] = [
        (column, "IN", list(values)) for column, values in chart.where.items()
    ]
    if chart.dataset.time:
        # A reader's filter on a period replaces the value of this filter.
        fixed.append((chart.dataset.time, PERIOD, ALWAYS))
    return [
        {
            "clause": "WHERE",
            "expressionType": "SIMPLE",
            "subject": column,
            "operator": operator,
            "comparator": values,
        }
        for column, operator, values in fixed
    ]


def _table(chart: Chart, formats: Mapping[str, str]) -> Params:
    columns = [chart.dataset.columns[name] for name in chart.columns]
    metrics = [metric(chart.dataset, value) for value in chart.values]
    shown: Params = {
        "query_mode": "raw",
        "all_columns": [column.chart_column for column in columns],
        "order_by_cols": [json.dumps(one) for one in _order(chart)],
    }
    if metrics:
        shown = {
            "query_mode": "aggregate",
            "groupby": [column.chart_column for column in columns],
            "metrics": metrics,
            "timeseries_limit_metric": metrics[0],
            "order_desc": not _order(chart)[0][1],
        }
    written = {
        column.chart_column: _format_of(column) for column in columns if column.is_number
    } | {value.title: "share" if value.how in SHARES else "number" for value in chart.values}
    return {
        **shown,
        # A table with pages says how many records it has, in its search box.
        "include_search": chart.page is not None,
        "page_length": chart.page or 0,
        "column_config": {name: {"d3NumberFormat": formats[one]} for name, one in written.items()},
    }


def _format_of(column: Column) -> str:
    if column.type != "double precision":
        return "number"
    if column.name.startswith("phi"):
        return "factor"
    return "hours" if column.name.endswith("hours_to_submission") else "share"


def _coloured(chart: Chart, colours: Mapping[str, str]) -> Params:
    """Return the rules that give words in a table their background colour.

    Superset chooses black or white for the text, so that the contrast is at least 4.5 to 1.
    """
    return {
        "conditional_formatting": [
            {
                "column": _name(chart, name),
                "operator": "=",
                "targetValue": word,
                "colorScheme": colour,
                "useGradient": False,
                "objectFormatting": "BACKGROUND_COLOR",
                "columnFormatting": _name(chart, name),
            }
            for name in chart.coloured
            for word, colour in colours.items()
        ]
    }


def _axes(chart: Chart, given: Mapping[str, Any]) -> Params:
    return {
        "x_axis": _name(chart, chart.x[0]),
        "groupby": [_name(chart, name) for name in chart.by],
        "metrics": [metric(chart.dataset, value) for value in chart.values],
        "y_axis_format": given["formats"][chart.format],
        "echart_options": None if chart.marks else given["axes"][chart.format],
        "xAxisForceCategorical": chart.dataset.columns[chart.x[0]].type != "date",
    }


def _line(chart: Chart, given: Mapping[str, Any]) -> Params:
    bounds: Params = (
        {"y_axis_bounds": [0, 1], "truncateYAxis": True} if "share" in chart.format else {}
    )
    if not chart.marks:
        return bounds
    return {
        **bounds,
        "groupby": [],
        "metrics": [metric(chart.dataset, value) for value in chart.marks],
        "groupby_b": [_name(chart, name) for name in chart.by],
        "metrics_b": [metric(chart.dataset, value) for value in chart.values],
        "adhoc_filters_b": _filters(chart),
        "y_axis_format_secondary": given["formats"][chart.format],
    }


def _bar(chart: Chart) -> Params:
    if chart.by or chart.values[1:]:
        series: Params = {"stack": "Stack", "show_legend": True, "x_axis_sort": "sum"}
    else:
        series = {"show_value": True, "x_axis_sort": chart.values[0].title}
    return {"orientation": "horizontal", **series}


def _timeline(chart: Chart) -> Params:
    start, end = chart.x
    rows, *series = chart.by
    return {
        "start_time": _name(chart, start),
        "end_time": _name(chart, end),
        "y_axis": _name(chart, rows),
        "series": _name(chart, series[0] if series else rows),
        "order_by_cols": [json.dumps([_name(chart, rows), True])],
    }
