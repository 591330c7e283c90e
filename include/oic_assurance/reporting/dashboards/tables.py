"""Convert the settings of tables to Superset's format."""

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


def order(chart: Chart) -> list[list[Any]]:
    """Return the columns to sort by, each with whether its order is ascending."""
    return [[name.removeprefix("-"), not name.startswith("-")] for name in chart.sort]


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
            "order_desc": not order(chart)[0][1],
        }
    else:
        shown = {
            "query_mode": "raw",
            "all_columns": [column.chart_column for column in columns],
            "order_by_cols": [json.dumps(one) for one in order(chart)],
        }
    formats |= {
        column.chart_column: _format_of(column.name, column.type)
        for column in columns
        if column.type in ("bigint", "integer", "double precision")
    }
    return {
        **shown,
        "table_timestamp_format": DAY,
        "show_cell_bars": False,
        "color_pn": False,
        "allow_render_html": chart.kind == "text",
        "allow_rearrange_columns": False,
        # A table with pages says how many records it has, in its search box.
        "include_search": chart.page is not None,
        "page_length": chart.page or 0,
        "conditional_formatting": [
            rule
            for name in chart.coloured
            for rule in _coloured(chart.dataset.columns[name], colours)
        ],
        "column_config": {name: {"d3NumberFormat": given} for name, given in formats.items()},
    }


def _coloured(column: Column, colours: Mapping[str, str]) -> list[Params]:
    """Return the rules that give words in a column their background colour.

    Superset chooses black or white for the text, so that the contrast is at least 4.5 to 1.
    """
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
    return FORMATS["share" if value.how in ("share", "low", "high") else "number"]
