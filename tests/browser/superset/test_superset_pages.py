"""In Chromium, the dashboards render on a desk and on a phone, and links and filters work."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from oic_assurance.reporting.dashboards.description import Dashboard, dashboards
from oic_assurance.settings import load_settings
from tests.browser.superset.conftest import Row, Served, log_in

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright. pytest can collect this file without Playwright,
    # because only a type checker runs this import.
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.slow

DASHBOARDS = dashboards(load_settings().project_root)
#: A phone, as Chromium emulates it, and high enough that Superset draws every chart.
WIDTH = 390
PHONE = {
    "viewport": {"width": WIDTH, "height": 6500},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
#: What a chart has drawn.
DRAWN = "canvas, td"


@contextmanager
def opened(served: Served, context: BrowserContext, dashboard: Dashboard) -> Iterator[Page]:
    """Yield a dashboard when all its charts are drawn. Then check that nothing went wrong."""
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda one: problems.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda one: problems.append(one.url) if one.status >= 400 else None)
    local = (served.client.address, "data:", "blob:")
    page.on("request", lambda one: None if one.url.startswith(local) else problems.append(one.url))
    page.goto(f"/superset/dashboard/{dashboard.name}/")
    for chart in dashboard.charts:
        _holder(page, chart.title).locator(DRAWN).first.wait_for(timeout=60_000)
    yield page
    assert problems == []
    page.close()


def _holder(page: Page, title: str) -> Any:
    return page.locator(f"[data-test-chart-name='{title}']")


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=[one.name for one in DASHBOARDS])
def test_a_dashboard_renders_without_errors(
    served: Served, logged_in: BrowserContext, dashboard: Dashboard, tmp_path: Path
) -> None:
    with opened(served, logged_in, dashboard) as page:
        picture = page.screenshot(path=tmp_path / f"{dashboard.name}.png", full_page=True)
        assert len(picture) > 50_000
        text = page.inner_text("body")
        assert "Publication" in text
        assert "No results were returned" not in text
        assert page.get_by_text("OFFICIAL-SENSITIVE").is_visible()
        for one in dashboard.filters:
            assert page.locator("[data-test=filter-bar]").get_by_text(one.title).count() or (
                "More filters" in text
            )


def test_the_answer_and_the_cards_are_seen_without_scrolling(
    served: Served, logged_in: BrowserContext, reader: psycopg.Connection[Row]
) -> None:
    points = reader.execute("select * from marts.assurance_answer order by place").fetchall()
    headline = reader.execute("select words from marts.assurance_headline").fetchone()
    assert headline
    with opened(served, logged_in, DASHBOARDS[0]) as page:
        cards = _holder(page, "The points").locator("tbody tr")
        assert cards.count() == len(points)
        for place, point in enumerate(points):
            said = cards.nth(place).inner_text()
            for word in ("point_label", "figure_words", "answer", "status_word", "target_words"):
                assert str(point[word]) in said
            for word in ("second_words", "policy_words", "caveat_words"):
                assert (point[word] or "") in said
            line = cards.nth(place).locator("img")
            assert line.get_attribute("alt") == (point["trend_words"] or "")
            assert line.evaluate("one => one.naturalWidth") > 0
            box = cards.nth(place).locator("[aria-labelledby=header-trend]").bounding_box()
            assert box
            assert box["y"] + box["height"] < 900
        assert _holder(page, "The answer").get_by_text(headline["words"]).is_visible()


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=[one.name for one in DASHBOARDS])
def test_on_a_phone_charts_stand_below_each_other_and_fill_the_screen(
    served: Served, browser: Browser, on_a_phone: BrowserContext, dashboard: Dashboard
) -> None:
    with opened(served, on_a_phone, dashboard) as page:
        # A page that does not tell phones that it fits their width is laid out 980 pixels wide.
        assert page.evaluate("innerWidth") == WIDTH
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
        frames = page.evaluate(
            """[...document.querySelectorAll('.grid-row > .dragdroppable-column')].map(one => {
                const box = one.getBoundingClientRect();
                return [box.left, box.right, box.top];
            })"""
        )
        for left, right, _ in frames:
            assert left >= 0
            assert right <= WIDTH + 1
        canvases = page.evaluate(
            "[...document.querySelectorAll('.dashboard-component-chart-holder canvas')]"
            ".map(one => one.getBoundingClientRect().width)"
        )
        assert all(width > 300 for width in canvases)
        wide = [chart for chart in dashboard.charts if chart.width >= 6]
        tops = {chart.title: _holder(page, chart.title).bounding_box()["y"] for chart in wide}
        assert [*tops] == sorted(tops, key=lambda title: tops[title])
        assert len({*tops.values()}) == len(wide)


@pytest.fixture(scope="module")
def on_a_phone(served: Served, browser: Browser) -> Iterator[BrowserContext]:
    context = log_in(served, browser, "assurance", PHONE)
    yield context
    context.close()


def test_the_links_lead_through_all_dashboards_in_order(
    served: Served, logged_in: BrowserContext
) -> None:
    page = logged_in.new_page()
    page.goto(f"/superset/dashboard/{DASHBOARDS[0].name}/")
    for shown, following in itertools.pairwise(DASHBOARDS):
        links = page.locator(".dashboard-markdown").first
        links.get_by_text(f"{following.number} {following.short}").wait_for(timeout=60_000)
        assert links.locator("a").count() == len(DASHBOARDS) - 1
        assert links.locator("strong").inner_text() == f"▸ {shown.number} {shown.short}"
        links.get_by_role("link", name=f"{following.number} {following.short}").click()
        page.wait_for_url(f"**/superset/dashboard/{following.name}/**")
        page.locator(".dashboard-markdown strong").first.wait_for(timeout=60_000)
    page.close()


def _choose(page: Page, title: str, value: str) -> None:
    """Choose a value in a filter of a dashboard, and apply it."""
    bar = page.locator("[data-test=filter-bar]")
    box = bar.locator(".ant-select").nth([*_titles(page)].index(title))
    box.click()
    page.keyboard.type(value)
    page.locator(f".ant-select-item-option[title='{value}']").first.click()
    page.keyboard.press("Escape")
    bar.locator("[data-test=filter-bar__apply-button]").click()


def _titles(page: Page) -> list[str]:
    """The titles of the filters that offer values, in the order of the filter bar."""
    texts = page.locator("[data-test=filter-bar] [data-test=filter-control-name]").all_inner_texts()
    return [text for text in texts if text != "Period"]


def test_a_chosen_district_moves_the_charts_and_limits_the_teams(
    served: Served, reader: psycopg.Connection[Row], logged_in: BrowserContext
) -> None:
    (dashboard,) = (one for one in DASHBOARDS if one.name == "nccu")
    with opened(served, logged_in, dashboard) as page:
        answers: list[tuple[str, Any]] = []
        page.on(
            "response",
            lambda one: (
                answers.append((one.request.post_data or "", one.json()))
                if "/api/v1/chart/data" in one.url
                else None
            ),
        )
        _choose(page, "District", "Northampton")
        page.wait_for_timeout(8_000)
        by_team = [
            answer["result"][0]["data"]
            for asked, answer in answers
            if '"groupby":["org_unit_label"]' in asked or '"columns":["org_unit_label"]' in asked
        ]
        expected = reader.execute(
            "select fact.org_unit_label, sum(fact.numerator)::int as numerator, "
            "sum(fact.denominator)::int as whole from marts.fct_measure_month as fact "
            "inner join marts.dim_org_unit as unit on fact.org_unit_code = unit.org_unit_code "
            "inner join marts.dim_date as day on fact.date_day = day.date_day "
            "where fact.measure_code = 'nccu_intel_compliance' "
            "and day.months_before_today between 0 and 12 "
            "and unit.district_label = 'Northampton' group by fact.org_unit_label"
        ).fetchall()
        assert {
            (row["org_unit_label"], row["With document"], row["Cases"]) for row in by_team[-1]
        } == {(row["org_unit_label"], row["numerator"], row["whole"]) for row in expected}
        # The filter on teams now offers only the teams of the district.
        offered = [
            [row["team_label"] for row in answer["result"][0]["data"]]
            for asked, answer in answers
            if json.loads(asked)["queries"][0].get("columns") == ["team_label"]
        ]
        teams = reader.execute(
            "select distinct team_label from marts.dim_org_unit where district_label = %s",
            ("Northampton",),
        ).fetchall()
        assert offered
        assert {*offered[-1]} <= {row["team_label"] for row in teams} | {"No team"}
