"""Convert the filters of a dashboard to Superset's native filters.

Superset stores for each filter which charts it does not reach. A filter reaches the charts whose
dataset has its column. Its description names the other charts, so that a reader knows which figures
stay as they are.
"""

from collections.abc import Mapping
from typing import Any

from oic_assurance.reporting.dashboards.datasets import uuid
from oic_assurance.reporting.dashboards.description import ABOUT, Chart, Dashboard, Filter

Yaml = dict[str, Any]


def native_filters(dashboard: Dashboard, given: Yaml, numbers: Mapping[str, int]) -> list[Yaml]:
    """Return the filters of a dashboard in Superset's format.

    `given` are the settings of filters. `numbers` gives the number of each chart, keyed by the
    chart's title.
    """
    return [_native(dashboard, one, given, numbers) for one in dashboard.filters]


def cross_filters(dashboard: Dashboard, numbers: Mapping[str, int]) -> Yaml:
    """Return which charts a click on each chart filters: those that show the same columns."""
    return {
        str(numbers[chart.title]): {
            "id": numbers[chart.title],
            "crossFilters": {
                "scope": {
                    "rootPath": ["ROOT_ID"],
                    "excluded": [
                        numbers[other.title]
                        for other in dashboard.charts
                        if other is chart or not _shares_columns(chart, other)
                    ],
                },
                "chartsInScope": [],
            },
        }
        for chart in dashboard.charts
    }


def _shares_columns(chart: Chart, other: Chart) -> bool:
    clicked = {*chart.groups, *(chart.columns if chart.kind == "table" else ())}
    return other.title != ABOUT and bool(clicked & {*other.dataset.columns} - {*other.where})


def _native(dashboard: Dashboard, one: Filter, given: Yaml, numbers: Mapping[str, int]) -> Yaml:
    excluded = [chart for chart in dashboard.charts if not one.moves(chart)]
    # No filter moves the line about the publication, which needs no mention.
    still = [f"‘{chart.title}’" for chart in excluded if chart.title != ABOUT]
    parents = [_id(dashboard, one.within)] if one.within else []
    return {
        "id": _id(dashboard, one.title),
        "name": one.title,
        "filterType": "filter_time" if one.column is None else "filter_select",
        "type": "NATIVE_FILTER",
        "targets": [_target(one)],
        "scope": {
            "rootPath": ["ROOT_ID"],
            "excluded": [numbers[chart.title] for chart in excluded],
        },
        "controlValues": given["first" if one.first else "select"] if one.column else {},
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": parents,
        "description": f"Does not change {', '.join(still)}." if still else "Changes every chart.",
        # Superset then draws no chart before the first value is chosen.
        **({"requiredFirst": True} if one.first else {}),
    }


def _target(one: Filter) -> Yaml:
    if one.column is None or one.dataset is None:
        return {}
    column = one.dataset.columns[one.column].chart_column
    return {"datasetUuid": uuid("dataset", one.dataset.name), "column": {"name": column}}


def _id(dashboard: Dashboard, title: str) -> str:
    return f"NATIVE_FILTER-{uuid('filter', dashboard.name, title)[:8]}"
