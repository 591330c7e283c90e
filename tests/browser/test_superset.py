"""In a real Superset, every chart is compared with SQL and every dashboard is opened."""

from __future__ import annotations

import datetime
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from oic_assurance.platform.superset.rest import Superset
from oic_assurance.reporting.dashboards.bundle import chart_uuid
from oic_assurance.reporting.dashboards.description import Chart, Dashboard, Value, dashboards
from oic_assurance.reporting.pack import words
from oic_assurance.settings import load_settings
from tests.end_to_end.terminal import Terminal

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright. pytest can collect this file without Playwright,
    # because only a type checker runs this import.
    from playwright.sync_api import Browser, BrowserContext

pytestmark = pytest.mark.slow

PROJECT = load_settings().project_root
DASHBOARDS = dashboards(PROJECT)
CHARTS = [(dashboard, chart) for dashboard in DASHBOARDS for chart in dashboard.charts]
PORT = "18088"
SCREEN = {"width": 1500, "height": 2700}
TYPES = {"int8": "bigint", "int4": "integer", "float8": "double precision", "bool": "boolean",
         "timestamptz": "timestamp with time zone"}  # fmt: skip

Row = dict[str, Any]


@dataclass
class Served:
    """A Superset that was started by `assurance superset`, and the state folder that it reads."""

    terminal: Terminal
    client: Superset
    output: list[str]
    password: str


@pytest.fixture(scope="module")
def served(published: Terminal) -> Iterator[Served]:
    """Superset on a warehouse whose second publication restates figures of the first."""
    with psycopg.connect(published.url("rms")) as records:
        # Mark three referrals as deleted between the two publications, as the source system does.
        records.execute(
            "update rms.nccu_referral set deleted_at = %(at)s, updated_at = %(at)s "
            "where referral_ref in (select referral_ref from rms.nccu_referral "
            "where referral_type = 'IMMIGRATION_CRIME' and deleted_at is null "
            "order by contacted_at limit 3)",
            {"at": "2026-04-21T09:00+01:00"},
        )
    done = published.assurance("run", "--as-at", "2026-04-22T05:30")
    assert done.returncode == 0, done.stdout + done.stderr
    terminal = Terminal(published.home, extra={"ASSURANCE_SUPERSET_PORT": PORT})
    process = terminal.begin("superset")
    try:
        output = _wait_until_started(process)
        password_file = published.home / "secrets" / "superset_password"
        client = Superset(f"http://127.0.0.1:{PORT}")
        password = password_file.read_text(encoding="utf-8").strip()
        client.log_in("assurance", password)
        yield Served(terminal, client, output, password)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def _wait_until_started(process: subprocess.Popen[str]) -> list[str]:
    """Wait until Superset has started, and return the lines that it has printed so far."""
    output = []
    assert process.stdout is not None
    for line in process.stdout:
        output.append(line.strip())
        if line.startswith("Ctrl-C"):
            return output
    pytest.fail(f"Superset did not start: {output}")


@pytest.fixture(scope="module")
def reader(served: Served) -> Iterator[psycopg.Connection[Row]]:
    with psycopg.connect(served.terminal.url("bi"), row_factory=dict_row) as connection:
        yield connection


@pytest.fixture(scope="module")
def numbers(served: Served) -> dict[str, int]:
    """A mapping from each chart's UUID to the number that Superset has given the chart."""
    return {
        uuid: number
        for dashboard in DASHBOARDS
        for uuid, number in served.client.charts(dashboard.name).items()
    }


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
    expected = _rows(reader, chart)
    assert _comparable(shown) == _comparable(expected)


def test_charts_use_the_words_of_the_pack(
    served: Served, reader: psycopg.Connection[Row], numbers: dict[str, int]
) -> None:
    position = DASHBOARDS[0]
    shown = served.client.data(numbers[chart_uuid(position, position.charts[1])])
    rows = reader.execute("select * from marts.assurance_position").fetchall()
    expected = {
        words.POINT_NAMES[row["point_code"]]: (
            words.status(row["status"]).answer,
            words.figure(row),
        )
        for row in rows
    }
    assert {row["point_code_in_words"]: (row["answer"], row["figure"]) for row in shown} == expected


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


@pytest.fixture(scope="module")
def logged_in(served: Served, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=SCREEN, base_url=served.client.address)
    page = context.new_page()
    page.goto("/login/")
    page.locator("#username").fill("assurance")
    page.locator("#password").fill(served.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/superset/welcome/**")
    page.close()
    yield context
    context.close()


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=[one.name for one in DASHBOARDS])
def test_a_dashboard_renders_without_errors(
    served: Served,
    reader: psycopg.Connection[Row],
    logged_in: BrowserContext,
    dashboard: Dashboard,
    tmp_path: Path,
) -> None:
    page = logged_in.new_page()
    problems: list[str] = []
    page.on("console", lambda one: problems.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda one: problems.append(one.url) if one.status >= 400 else None)
    local = (served.client.address, "data:", "blob:")
    page.on("request", lambda one: None if one.url.startswith(local) else problems.append(one.url))
    page.goto(f"/superset/dashboard/{dashboard.name}/")
    for chart in dashboard.charts:
        drawn = page.locator(f"[data-test-chart-name='{chart.title}']")
        content = drawn.locator("canvas, table, .header-line")
        if not _rows(reader, chart):
            content = drawn.get_by_text("No results were returned")
        content.first.wait_for(timeout=60_000)
    picture = page.screenshot(path=tmp_path / f"{dashboard.name}.png", full_page=True)
    assert len(picture) > 50_000
    assert "Publication" in page.inner_text("body")
    assert page.get_by_text("OFFICIAL-SENSITIVE").is_visible()
    assert problems == []
    page.close()


def _rows(reader: psycopg.Connection[Row], chart: Chart) -> list[Row]:
    """Return the rows that a chart must show.

    A query reads the rows of the chart's dataset. Python then filters, groups and adds up the rows.
    """
    columns = chart.dataset.columns.values()
    more = "".join(f", {one.expression} as {one.chart_column}" for one in columns if one.expression)
    query = f"select answer.*{more} from ({chart.dataset.sql}) as answer"
    rows = [
        row
        for row in reader.execute(query.encode()).fetchall()
        if all(row[column] in values for column, values in chart.where.items())
    ]
    names = [chart.dataset.columns[name].chart_column for name in (*chart.columns, *chart.groups)]
    if not chart.values:
        return [{name: row[name] for name in names} for row in rows]
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return [
        dict(zip(names, group, strict=True))
        | {value.title: _measured(value, members) for value in chart.values}
        for group, members in groups.items()
    ]


def _measured(value: Value, rows: list[Row]) -> float | None:
    columns = [[row[name] for row in rows if row[name] is not None] for name in value.of]
    if value.how == "share":
        part, whole = (sum(column) for column in columns)
        return part / whole if whole else None
    (column,) = columns
    if value.how == "count":
        return len(column)
    return (sum(column) if value.how == "sum" else max(column)) if column else None


def _comparable(rows: list[Row]) -> list[list[tuple[str, str]]]:
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
