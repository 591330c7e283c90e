"""The rows that a chart must show, computed from its dataset in plain Python."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import psycopg

from oic_assurance.reporting.dashboards.datasets import Dataset
from oic_assurance.reporting.dashboards.description import Chart
from oic_assurance.reporting.dashboards.values import Value

Row = dict[str, Any]
Z = 1.959964


def every_row(row: Row) -> bool:
    """A filter that leaves every row."""
    return bool(row) or True


def expected_rows(
    reader: psycopg.Connection[Row], chart: Chart, chosen: Callable[[Row], bool] = every_row
) -> list[list[Row]]:
    """Return the rows of each query of a chart.

    A query reads the rows of the chart's dataset. Python then filters, groups and adds up the rows.
    `chosen` tells which rows a reader's filters leave.
    """
    columns = chart.dataset.columns.values()
    more = "".join(f", {one.expression} as {one.chart_column}" for one in columns if one.expression)
    query = f"select answer.*{more} from ({chart.dataset.sql}) as answer"
    rows = [
        row
        for row in reader.execute(query.encode()).fetchall()
        if all(row[column] in values for column, values in chart.where.items()) and chosen(row)
    ]
    names = [chart.dataset.columns[name].chart_column for name in (*chart.columns, *chart.groups)]
    if not chart.values:
        return [[{name: row[name] for name in names} for row in rows]]
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return [
        [
            dict(zip(names, group, strict=True))
            | {value.title: _measured(chart.dataset, value, members) for value in values}
            for group, members in groups.items()
        ]
        for values in ([chart.marks, chart.values] if chart.marks else [chart.values])
    ]


def _measured(dataset: Dataset, value: Value, rows: list[Row]) -> float | None:
    if value.only:
        rows = [row for row in rows if row[value.only] is value.is_true]
    if value.how in ("share", "low", "high"):
        part, whole = (_sum(dataset, rows, column) for column in value.of)
        if not whole:
            return None
        return float(part / whole) if value.how == "share" else wilson(part, whole, value.how)
    if value.how == "sum":
        added: float | None = _sum(dataset, rows, value.of[0])
        return added
    column = [row[value.of[0]] for row in rows if row[value.of[0]] is not None]
    if value.how == "count":
        return len(column)
    return max(column) if column else None


def _sum(dataset: Dataset, rows: list[Row], column: str) -> Any:
    """Add up a column. Of rows of several levels of units, only those of the widest level count."""
    if dataset.level and rows:
        widest = min(row[dataset.level] for row in rows)
        rows = [row for row in rows if row[dataset.level] == widest]
    values = [row[column] for row in rows if row[column] is not None]
    return sum(values) if values else None


def wilson(part: int, whole: int, end: str) -> float:
    """Return one end of Wilson's 95% interval of a share."""
    share = part / whole
    half = Z * math.sqrt(share * (1 - share) / whole + Z**2 / (4 * whole**2))
    middle = share + Z**2 / (2 * whole)
    bound = (middle - half if end == "low" else middle + half) / (1 + Z**2 / whole)
    return min(1.0, max(0.0, bound))


def comparable(rows: list[Row]) -> list[list[tuple[str, str]]]:
    """Return rows as strings in a fixed order, to compare Superset with SQL."""
    return sorted(sorted((name, _plain(value)) for name, value in row.items()) for row in rows)


def _plain(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return _plain(value.timestamp() * 1000)
    if isinstance(value, datetime.date):
        midnight = datetime.time(tzinfo=datetime.UTC)
        return _plain(datetime.datetime.combine(value, midnight))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:.9g}"
