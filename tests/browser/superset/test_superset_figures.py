"""In a real Superset, every chart shows what SQL gives, with and without a reader's filters."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from oic_assurance.reporting.dashboards.bundle import chart_uuid
from oic_assurance.reporting.dashboards.datasets import datasets
from oic_assurance.reporting.dashboards.description import Chart, Dashboard, dashboards
from oic_assurance.settings import load_settings
from tests.browser.superset.conftest import Row, Served
from tests.browser.superset.expected import comparable, expected_rows

pytestmark = pytest.mark.slow

PROJECT = load_settings().project_root
DASHBOARDS = dashboards(PROJECT)
CHARTS = [(dashboard, chart) for dashboard in DASHBOARDS for chart in dashboard.charts]
#: The datasets that can be empty, and then say so in words.
WITH_WORDS = [one for one in datasets(PROJECT).values() if one.if_empty]
TYPES = {"int8": "bigint", "int4": "integer", "float8": "double precision", "bool": "boolean",
         "timestamptz": "timestamp with time zone"}  # fmt: skip
#: A district of the simulated force, and the first and the last month of a period.
DISTRICT = "Northampton"
FIRST, LAST = datetime.date(2025, 10, 1), datetime.date(2026, 2, 1)
#: The period as Superset's filter writes it. The second day is not in it.
PERIOD = "2025-10-01 : 2026-03-01"


def test_it_prints_the_dashboards_and_the_password_once(served: Served) -> None:
    for dashboard in DASHBOARDS:
        assert any(f"/superset/dashboard/{dashboard.name}/" in line for line in served.output)
    assert any(line.endswith(served.password) for line in served.output)
    secrets = served.terminal.home / "secrets"
    for name in ("superset_password", "superset_secret_key"):
        assert (secrets / name).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("dashboard", "chart"), CHARTS, ids=[f"{one.name}-{chart.title}" for one, chart in CHARTS]
)
def test_a_chart_shows_the_result_of_sql(
    served: Served,
    reader: psycopg.Connection[Row],
    numbers: dict[str, int],
    dashboard: Dashboard,
    chart: Chart,
) -> None:
    shown = served.client.data(numbers[chart_uuid(dashboard, chart)])
    expected = expected_rows(reader, chart)
    assert [comparable(rows) for rows in shown] == [comparable(rows) for rows in expected]
    # No chart says "No results": what is empty says so in words.
    assert all(shown)


def _chosen(column: str) -> Callable[[Row], bool]:
    """Return whether a row is of the chosen district and period. `column` is the row's date."""

    def chosen(row: Row) -> bool:
        return bool(row["district_label"] == DISTRICT and FIRST <= row[column] <= LAST)

    return chosen


def filtered(served: Served, number: int, *filters: Row, period: str | None = None) -> list[Any]:
    """Return the rows of each query of a chart with a reader's filters, as a dashboard asks."""
    chart = served.client.session.get(f"/api/v1/chart/{number}").json()["result"]
    context = json.loads(chart["query_context"])
    for query in context["queries"]:
        query["filters"] += filters
        if period:
            query["time_range"] = period
    answer = served.client.session.post("/api/v1/chart/data", json=context)
    assert answer.status_code == 200, answer.text
    return [one["data"] for one in answer.json()["result"]]


@pytest.mark.parametrize("name", ["nccu", "training"])
def test_a_chart_with_a_district_and_a_period_shows_the_result_of_sql(
    served: Served, reader: psycopg.Connection[Row], numbers: dict[str, int], name: str
) -> None:
    (dashboard,) = (one for one in DASHBOARDS if one.name == name)
    moved = 0
    for chart in dashboard.charts:
        if "district_label" not in chart.dataset.columns or chart.dataset.time is None:
            continue
        expected = expected_rows(reader, chart, _chosen(chart.dataset.time))
        shown = filtered(
            served,
            numbers[chart_uuid(dashboard, chart)],
            {"col": "district_label", "op": "IN", "val": [DISTRICT]},
            period=PERIOD,
        )
        assert [comparable(rows) for rows in shown] == [comparable(rows) for rows in expected]
        assert all(shown)
        moved += 1
    assert moved >= 3


def _chart(dashboard: str, title: str) -> tuple[Dashboard, Chart]:
    (found,) = (
        (one, chart) for one, chart in CHARTS if one.name == dashboard and chart.title == title
    )
    return found


def test_reported_cases_of_a_district_in_a_period_are_those_of_the_additive_fact(
    served: Served, reader: psycopg.Connection[Row], numbers: dict[str, int]
) -> None:
    shown = filtered(
        served,
        numbers[chart_uuid(*_chart("nccu", "Cases with their document, by month"))],
        {"col": "district_label", "op": "IN", "val": [DISTRICT]},
        period=PERIOD,
    )
    expected = reader.execute(
        "select fact.date_day, sum(fact.numerator) as numerator, sum(fact.denominator) as whole "
        "from marts.fct_measure_month as fact "
        "inner join marts.dim_org_unit as unit on fact.org_unit_code = unit.org_unit_code "
        "where fact.measure_code = 'nccu_intel_compliance' and unit.district_label = %(district)s "
        "and fact.date_day between %(first)s and %(last)s group by fact.date_day",
        {"district": DISTRICT, "first": FIRST, "last": LAST},
    ).fetchall()
    assert {_day(row["period_start"]): row["With document"] for row in shown[0]} == {
        row["date_day"]: pytest.approx(float(row["numerator"] / row["whole"])) for row in expected
    }


@pytest.mark.parametrize(
    ("label", "kind"), [(None, "FORCE"), ("district_label", "DISTRICT"), ("team_label", "TEAM")]
)
def test_training_shows_the_published_figure_and_interval_of_the_chosen_unit(
    served: Served,
    reader: psycopg.Connection[Row],
    numbers: dict[str, int],
    label: str | None,
    kind: str,
) -> None:
    """The rows of the force, its districts and its teams overlap, and are never added up."""
    unit = reader.execute(
        "select unit.org_unit_code, unit.org_unit_name, count(*) as months "
        "from marts.assurance_measure as figure "
        "inner join marts.dim_org_unit as unit on figure.org_unit_code = unit.org_unit_code "
        "where figure.measure_code = 'hydra_completion' and figure.denominator > 0 "
        "and unit.kind = %s group by 1, 2 order by 3 desc, 1 limit 1",
        (kind,),
    ).fetchone()
    assert unit is not None
    chosen = [{"col": label, "op": "IN", "val": [unit["org_unit_name"]]}] if label else []
    (shown,) = filtered(
        served, numbers[chart_uuid(*_chart("training", "Hydra training, by month"))], *chosen
    )
    published = reader.execute(
        "select period_start, value, ci_low, ci_high from marts.assurance_measure "
        "where measure_code = 'hydra_completion' and org_unit_code = %s and denominator > 0",
        (unit["org_unit_code"],),
    ).fetchall()
    assert len(published) > 3
    assert {
        _day(row["period_start"]): (
            row["Hydra completed"]
            if row["This month so far"] is None
            else row["This month so far"],
            row["95% interval__yhat_lower"],
            row["95% interval__yhat_upper"],
        )
        for row in shown
    } == {
        row["period_start"]: tuple(
            pytest.approx(row[name], abs=1e-9) for name in ("value", "ci_low", "ci_high")
        )
        for row in published
    }


def _day(milliseconds: float) -> datetime.date:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC).date()


@pytest.mark.parametrize("name", [one.name for one in WITH_WORDS])
def test_a_dataset_without_rows_has_one_row_of_words(
    reader: psycopg.Connection[Row], name: str
) -> None:
    (dataset,) = (one for one in WITH_WORDS if one.name == name)
    nothing = f"select * from ({dataset.query}) as answer where false"
    (shown,) = reader.execute(replace(dataset, query=nothing).sql.encode()).fetchall()
    said = {column: shown[column] for column in dataset.if_empty}
    assert said == dict(dataset.if_empty)
    assert any(isinstance(word, str) and word.startswith("No") for word in said.values()) or (
        "has no" in str(said)
    )


def test_the_publication_has_restated_figures(reader: psycopg.Connection[Row]) -> None:
    """The charts of restated figures can be compared only if some figures are restated."""
    assert reader.execute("select 1 from marts.restatement where org_unit_code = 'ALL'").fetchone()


def test_columns_have_the_types_that_are_described(reader: psycopg.Connection[Row]) -> None:
    for dataset in {chart.dataset.name: chart.dataset for _, chart in CHARTS}.values():
        cursor = reader.execute(dataset.sql.encode())
        given = {
            one.name: TYPES.get(name := one.type_display, name) for one in cursor.description or ()
        }
        for column in dataset.columns.values():
            if not column.computed:
                assert given[column.name] == column.type, f"{dataset.name}.{column.name}"


def test_a_second_import_adds_nothing(served: Served, numbers: dict[str, int]) -> None:
    served.client.import_bundle(PROJECT, served.terminal.url("bi"))
    again: dict[str, int] = {}
    for dashboard in DASHBOARDS:
        again |= served.client.charts(dashboard.name)
    assert again == numbers
