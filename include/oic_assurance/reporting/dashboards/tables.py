"""Convert the settings of tables and matrices to Superset's format."""

import json
from collections.abc import Mapping
from typing import Any

from oic_assurance.reporting.dashboards.datasets import Column
from oic_assurance.reporting.dashboards.description import Chart
from oic_assurance.reporting.dashboards.values import Value, metric

Params = dict[str, Any]

#: Number formats, keyed by the name that dashboard descriptions use. The values are format strings
#: of the JavaScript library d3.
FORMATS = {"share": ".1%", "whole_share": ".0%", "number": ",d", "hours": ",.1f", "factor": ".2f"}
DAY = "%d %b %Y"


def column_name(chart: Chart, name: str) -> str:
    """Return the dataset column that a chart shows for the column `name` in its description.

    If the column `name` holds codes, the result is the computed column with words for the codes.
    """
    return chart.dataset.columns[name].chart_column


def order(chart: Chart) -> list[Any]:
    """Return the column to sort by, and whether the order is ascending."""
    name = (chart.sort or "").removeprefix("-")
    return [name, not (chart.sort or "").startswith("-")]


def table(chart: Chart, colours: Mapping[str, str]) -> Params:
    """Return the settings of a table. `colours` gives the background colour of words."""
    columns = [chart.dataset.columns[name] for name in chart.columns]
    formats = {value.title: _format_of_value(value) for value in chart.values}
    if chart.values:
        metrics = [metric(chart.dataset, value) for value in chart.values]
        shown: Params = {
            "query_mode": "aggregate",
            "groupby": [column.chart_column for column in columns],
            "metrics": metrics,
            "timeseries_limit_metric": metrics[0],
            "order_desc": (chart.sort or "").startswith("-"),
        }
    else:
        shown = {
            "query_mode": "raw",
            "all_columns": [column.chart_column for column in columns],
            "order_by_cols": [json.dumps(order(chart))] if chart.sort else [],
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
        "allow_rearrange_columns": False,
        # A table with pages says how many records it has, in its search box.
        "include_search": chart.page is not None,
        "page_length": chart.page or 0,
        "conditional_formatting": [
            rule for column in columns for rule in _coloured(column, colours)
        ],
        "column_config": {
            name: {"d3NumberFormat": given, "showCellBars": given == FORMATS["share"]}
            for name, given in formats.items()
        },
    }


def _coloured(column: Column, colours: Mapping[str, str]) -> list[Params]:
    """Return the rules that give words in a column their background colour.

    Only columns with a vocabulary have such words. Superset chooses black or white for the text, so
    that the contrast is at least 4.5 to 1.
    """
    if column.vocabulary is None and not column.computed:
        return []
    return [
        {
            "column": column.chart_column,
            "operator": "=",
            "targetValue": word,
            "colorScheme": colour,
            "useGradient": False,
            "objectFormatting": "BACKGROUND_COLOR",
            "columnFormatting": column.chart_column,
        }
        for word, colour in colours.items()
    ]


def _format_of(name: str, sql_type: str) -> str:
    if sql_type != "double precision":
        return FORMATS["number"]
    if name.startswith("phi"):
        return FORMATS["factor"]
    return FORMATS["hours" if name.endswith(("per_week", "hours_to_submission")) else "share"]


def _format_of_value(value: Value) -> str:
    return FORMATS["share" if value.how == "share" else "number"]


def matrix(chart: Chart) -> Params:
    """Return the settings of a matrix, with totals of rows and columns."""
    return {
        "groupbyRows": [column_name(chart, name) for name in chart.by],
        "groupbyColumns": [column_name(chart, name) for name in chart.x],
        "metrics": [metric(chart.dataset, value) for value in chart.values],
        "metricsLayout": "COLUMNS",
        "aggregateFunction": "Sum",
        "rowTotals": True,
        "colTotals": True,
        "rowOrder": "value_z_to_a",
        "colOrder": "key_a_to_z",
        "valueFormat": FORMATS[chart.format],
        "combineMetric": False,
    }
