"""A reader sees the dashboards and changes nothing. Only a reader of records sees records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from oic_assurance.platform.superset.rest import Superset
from oic_assurance.platform.superset.server import READER, RECORDS_READER
from oic_assurance.reporting.dashboards.bundle import chart_uuid
from oic_assurance.reporting.dashboards.description import dashboards
from oic_assurance.settings import load_settings
from tests.browser.superset.conftest import DESK, Served, log_in

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright. pytest can collect this file without Playwright,
    # because only a type checker runs this import.
    from playwright.sync_api import Browser, BrowserContext

pytestmark = pytest.mark.slow

DASHBOARDS = dashboards(load_settings().project_root)
(RECORDS,) = (one for one in DASHBOARDS if one.name == "records")
FIGURES = [one for one in DASHBOARDS if one is not RECORDS]
Readers = dict[str, tuple[str, str]]


def _client(served: Served, readers: Readers, role: str) -> Superset:
    client = Superset(served.client.address)
    client.log_in(*readers[role])
    return client


def _listed(client: Superset) -> set[str]:
    answer = client.session.get("/api/v1/dashboard/?q=(page_size:100)").json()
    return {one["slug"] for one in answer["result"]}


def test_a_reader_sees_all_dashboards_but_the_records(served: Served, readers: Readers) -> None:
    assert _listed(_client(served, readers, READER)) == {one.name for one in FIGURES}
    assert _listed(_client(served, readers, RECORDS_READER)) == {one.name for one in DASHBOARDS}


@pytest.mark.parametrize("role", [READER, RECORDS_READER])
def test_a_reader_changes_nothing_and_runs_no_sql(
    served: Served, readers: Readers, numbers: dict[str, int], role: str
) -> None:
    session = _client(served, readers, role).session
    number = numbers[chart_uuid(FIGURES[0], FIGURES[0].charts[1])]
    sql = {"database_id": 1, "sql": "select * from marts.fct_nccu_referral", "schema": "marts"}
    tried = {
        "edit a dashboard": session.put("/api/v1/dashboard/position", json={"slug": "x"}),
        "edit a chart": session.put(f"/api/v1/chart/{number}", json={"slice_name": "x"}),
        "make a chart": session.post("/api/v1/chart/", json={"slice_name": "x"}),
        "delete a chart": session.delete(f"/api/v1/chart/{number}"),
        "run SQL": session.post("/api/v1/sqllab/execute/", json=sql),
        "read a database": session.get("/api/v1/database/1"),
        "export": session.get("/api/v1/dashboard/export/?q=!(1)"),
        "import": session.post("/api/v1/assets/import/"),
        "list users": session.get("/api/v1/security/users/"),
    }
    allowed = {what for what, one in tried.items() if one.status_code not in (401, 403, 404)}
    assert allowed == set()


def test_only_a_reader_of_records_reads_them(
    served: Served, readers: Readers, numbers: dict[str, int], browser: Browser
) -> None:
    (table,) = (chart for chart in RECORDS.charts if chart.title == "Referrals")
    number = numbers[chart_uuid(RECORDS, table)]
    chart = served.client.session.get(f"/api/v1/chart/{number}").json()["result"]
    context = json.loads(chart["query_context"])
    dataset = context["datasource"]["id"]
    for role, may in ((READER, False), (RECORDS_READER, True)):
        session = _client(served, readers, role).session
        status = session.post("/api/v1/chart/data", json=context).status_code
        assert status == (200 if may else 403)
        assert _drills(log_in(served, browser, readers[role][0], DESK), dataset) == may


def _drills(context: BrowserContext, dataset: int) -> bool:
    """Tell whether the user of a browser gets the rows of a dataset, as *Drill to detail* asks."""
    token = context.request.get("/api/v1/security/csrf_token/").json()["result"]
    answer = context.request.post(
        f"/datasource/samples?datasource_type=table&datasource_id={dataset}&per_page=50&page=1",
        data={"filters": []},
        headers={"X-CSRFToken": token},
    )
    assert answer.status in (200, 401, 403), answer.text()
    rows = answer.json()["result"]["data"] if answer.ok else []
    context.close()
    return bool(rows)


def test_a_reader_of_records_goes_from_a_number_to_its_records(
    served: Served, readers: Readers, browser: Browser
) -> None:
    context = log_in(served, browser, readers[RECORDS_READER][0], DESK)
    page = context.new_page()
    page.goto("/superset/dashboard/records/")
    kinds = page.locator("[data-test-chart-name='Open exceptions, by kind']")
    kinds.locator("tbody tr").first.wait_for(timeout=60_000)
    kind, number = kinds.locator("tbody tr").first.locator("td").all_inner_texts()
    kinds.locator("tbody td").first.click()
    records = page.locator("[data-test-chart-name='Exceptions']")
    records.get_by_placeholder(f"{number} records").wait_for(timeout=60_000)
    shown = records.locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert {*shown} == {kind}
    context.close()


@pytest.mark.parametrize("role", [READER, RECORDS_READER])
def test_a_reader_opens_a_dashboard_without_errors(
    served: Served, readers: Readers, browser: Browser, role: str
) -> None:
    context = log_in(served, browser, readers[role][0], DESK)
    page = context.new_page()
    problems: list[str] = []
    page.on("response", lambda one: problems.append(one.url) if one.status >= 400 else None)
    page.goto("/superset/dashboard/nccu/")
    page.locator("[data-test-chart-name='The points'] td").first.wait_for(timeout=60_000)
    assert page.get_by_text("Edit dashboard").count() == 0
    assert page.get_by_text("SQL", exact=True).count() == 0
    assert problems == []
    context.close()


def test_a_reader_does_not_open_the_records(
    served: Served, readers: Readers, browser: Browser
) -> None:
    context = log_in(served, browser, readers[READER][0], DESK)
    answer = context.new_page().goto("/superset/dashboard/records/")
    assert answer is not None
    assert answer.status == 404
    context.close()
