"""A filter reaches the charts that have its column, and names those that it leaves alone."""

from typing import Any

import pytest

from oic_assurance.reporting.dashboards.description import ABOUT, Dashboard, dashboards
from tests.unit.reporting.dashboards.support import PROJECT, parsed

DASHBOARDS = dashboards(PROJECT)


def written(dashboard: Dashboard) -> Any:
    """The dashboard as the bundle has it."""
    return parsed()[f"dashboards/{dashboard.name}.yaml"]


def numbers(dashboard: Dashboard) -> dict[int, str]:
    """The title of each chart, keyed by the number that the bundle gives the chart."""
    parts = [part for part in written(dashboard)["position"].values() if isinstance(part, dict)]
    return {
        part["meta"]["chartId"]: part["meta"]["sliceName"]
        for part in parts
        if part["type"] == "CHART"
    }


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=[one.name for one in DASHBOARDS])
def test_a_filter_reaches_the_charts_that_have_its_column(dashboard: Dashboard) -> None:
    titles = numbers(dashboard)
    filters = written(dashboard)["metadata"]["native_filter_configuration"]
    assert len(filters) == len(dashboard.filters) > 0
    for one, described in zip(filters, dashboard.filters, strict=True):
        excluded = {titles[number] for number in one["scope"]["excluded"]}
        assert ABOUT in excluded
        for chart in dashboard.charts:
            if chart.title == ABOUT:
                continue
            if described.column is None:
                has = chart.dataset.time is not None
            else:
                has = described.column in chart.dataset.columns
                has = has and described.column not in chart.where
            assert (chart.title not in excluded) == has
            assert (chart.title in one["description"]) == (not has)


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=[one.name for one in DASHBOARDS])
def test_a_filter_on_teams_offers_the_teams_of_the_chosen_districts(dashboard: Dashboard) -> None:
    filters = {
        one["name"]: one for one in written(dashboard)["metadata"]["native_filter_configuration"]
    }
    if "Team" in filters:
        assert filters["Team"]["cascadeParentIds"] == [filters["District"]["id"]]


def test_every_chart_with_levels_of_units_adds_up_one_level_only() -> None:
    (months,) = [
        one["uuid"] for one in parsed("datasets/").values() if one["table_name"] == "training_month"
    ]
    charts = [one for one in parsed("charts/training").values() if one["dataset_uuid"] == months]
    assert len(charts) == 3
    for chart in charts:
        params = chart["params"]
        for metric in [*params["metrics"], *params.get("metrics_b", [])]:
            if "sum(" in metric.get("sqlExpression", ""):
                assert "unit_level = 0" in metric["sqlExpression"]
                assert "sum(numerator)" not in metric["sqlExpression"].replace(
                    "sum(numerator) filter (where unit_level", ""
                )


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=[one.name for one in DASHBOARDS])
def test_the_links_name_every_dashboard_in_order_and_mark_this_one(dashboard: Dashboard) -> None:
    links = written(dashboard)["position"]["MARKDOWN-links"]["meta"]["code"].split(" · ")
    assert [one.number for one in DASHBOARDS] == list(range(1, len(DASHBOARDS) + 1))
    for link, one in zip(links, DASHBOARDS, strict=True):
        assert f"{one.number} {one.short}" in link
        # Relative: it works wherever Superset is served.
        assert (f"](../{one.name}/)" in link) == (one is not dashboard)
        assert link.startswith("**") == (one is dashboard)
    assert written(dashboard)["dashboard_title"].startswith(f"{dashboard.number} ")
