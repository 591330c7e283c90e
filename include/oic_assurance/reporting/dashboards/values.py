"""The aggregates that charts show, as Superset's metrics.

A share is computed from sums, so it is right for any choice of months and units that a reader makes
with filters. Its interval is computed from the same sums, with the formula of the macro `wilson` of
the dbt project. A test compares both with the published figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from oic_assurance.reporting.dashboards.datasets import Dataset

How = Literal["sum", "count", "max", "share", "low", "high"]
SHARES = ("share", "low", "high")
#: Superset draws two series with these endings as one band.
LOWER, UPPER = "__yhat_lower", "__yhat_upper"
#: The quantile of the normal distribution for an interval at 95%.
Z = "1.959964"
#: The levels of units: the whole force, a district, a team.
LEVELS = (0, 1, 2)

Metric = dict[str, Any]


@dataclass(frozen=True)
class Value:
    """An aggregate that a chart shows.

    Attributes:
        title: The name of the value for readers.
        how: The kind of aggregate. A `share` is the sum of the first column divided by the sum of
            the second column. `low` and `high` are the ends of the 95% interval of such a share.
        of: The column that is aggregated. For a share and its interval: the two columns.
        only: The name of a column of type boolean. Only rows in which it has the value `is_true`
            are aggregated. None for all rows.
        is_true: See `only`.
    """

    title: str
    how: How
    of: tuple[str, ...]
    only: str | None = None
    is_true: bool = True


def described_values(described: Mapping[str, Any]) -> list[Value]:
    """Return the aggregates that one entry of `values` in a dashboard's description stands for.

    An entry with `interval` stands for the two ends of the interval of a share.
    """
    if "interval" in described:
        of = tuple(described["interval"])
        title = described["title"]
        return [Value(title + LOWER, "low", of), Value(title + UPPER, "high", of)]
    hows: tuple[How, ...] = ("sum", "count", "max", "share", "low", "high")
    (how,) = (name for name in hows if name in described)
    of = described[how]
    only = described.get("when") or described.get("unless")
    columns = (of,) if isinstance(of, str) else tuple(of)
    return [Value(described["title"], how, columns, only, "when" in described)]


def metric(dataset: Dataset, value: Value) -> Metric:
    """Return an aggregate as a Superset metric that is defined inside one chart."""
    named = {"label": value.title, "hasCustomLabel": True, "optionName": f"metric_{value.title}"}
    return {"expressionType": "SQL", "sqlExpression": _sql(dataset, value), **named}


def _sql(dataset: Dataset, value: Value) -> str:
    if value.how in SHARES:
        part, whole = (_sum(dataset, value, column) for column in value.of)
        share = f"cast({part} as double precision) / nullif({whole}, 0)"
        return share if value.how == "share" else _wilson(share, whole, value.how)
    if value.how == "sum":
        return _sum(dataset, value, value.of[0])
    return f"{value.how}({value.of[0]}){_filter(value)}"


def _sum(dataset: Dataset, value: Value, column: str) -> str:
    """Return the SQL of the sum of a column.

    If the dataset has several levels of units, only the rows of the widest level are added up that
    the reader's filters leave: the whole force without a filter, districts with a filter on
    districts, teams with a filter on teams.
    """
    if dataset.level is None:
        return f"sum({column}){_filter(value)}"
    sums = [f"sum({column}){_filter(value, f'{dataset.level} = {level}')}" for level in LEVELS]
    return f"coalesce({', '.join(sums)})"


def _filter(value: Value, condition: str | None = None) -> str:
    given = [condition] if condition else []
    if value.only:
        given.append(value.only if value.is_true else f"not {value.only}")
    return f" filter (where {' and '.join(given)})" if given else ""


def _wilson(share: str, whole: str, end: str) -> str:
    sign = "-" if end == "low" else "+"
    root = f"sqrt(({share}) * (1 - ({share})) / {whole} + {Z} * {Z} / (4.0 * {whole} * {whole}))"
    middle = f"({share}) + {Z} * {Z} / (2.0 * {whole})"
    return (
        f"case when {whole} > 0 then least(1, greatest(0, "
        f"({middle} {sign} {Z} * {root}) / (1 + {Z} * {Z} / {whole}))) end"
    )
