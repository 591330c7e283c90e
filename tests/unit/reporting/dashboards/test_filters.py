"""A filter reaches the charts that have its column, and names those that it leaves alone."""

from functools import cache
from typing import Any

import pytest
import yaml

from oic_assurance.reporting.dashboards.bundle import bundle
from oic_assurance.reporting.dashboards.description import ABOUT, Dashboard, dashboards
from oic_assurance.settings import load_settings

PROJECT = load_settings().project_root
DASHBOARDS = dashboards(PROJECT)


@cache
def files() -> dict[str, str]:
    """The files of the bundle, made when the first test reads one."""
    return bundle(PROJECT)


def written(dashboard: Dashboard) -> dict[str, Any]:
    """The dashboard as the bundle has it."""
    content: dict[str, Any] = yaml.safe_load(files()[f"dashboards/{dashboard.name}.yaml"])
    return content


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


def test_the_dashboards_about_units_have_filters_on_districts_and_teams() -> None:
    with_units = {
        one.name for one in DASHBOARDS if {"District", "Team"} <= {f.title for f in one.filters}
    }
    assert with_units == {"nccu", "training", "exceptions", "records"}


def test_every_chart_with_levels_of_units_adds_up_one_level_only() -> None:
    charts = [
        yaml.safe_load(text)
        for place, text in files().items()
        if place.startswith("charts/training") and "training_month" in _dataset_of(text)
    ]
    assert len(charts) == 3
    for chart in charts:
        params = chart["params"]
        for metric in [*params["metrics"], *params.get("metrics_b", [])]:
            if "sum(" in metric.get("sqlExpression", ""):
                assert "unit_level = 0" in metric["sqlExpression"]
                assert "sum(numerator)" not in metric["sqlExpression"].replace(
                    "sum(numerator) filter (where unit_level", ""
                )


def _dataset_of(text: str) -> str:
    names = {
        yaml.safe_load(given)["uuid"]: yaml.safe_load(given)["table_name"]
        for place, given in files().items()
        if place.startswith("datasets/")
    }
    name: str = names[yaml.safe_load(text)["dataset_uuid"]]
    return name


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
