"""Fixtures for the tests of Superset: the server with the dashboards, and its readers."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from oic_assurance.platform.superset.rest import Superset
from oic_assurance.platform.superset.server import READER, RECORDS_READER
from oic_assurance.reporting.dashboards.description import dashboards
from oic_assurance.settings import load_settings
from tests.end_to_end.terminal import Terminal

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright. pytest can collect this file without Playwright,
    # because only a type checker runs this import.
    from playwright.sync_api import Browser, BrowserContext

PROJECT = load_settings().project_root
PORT = "18088"
#: A desk, high enough that Superset draws every chart.
DESK = {"viewport": {"width": 1440, "height": 3500}}

Row = dict[str, Any]


@dataclass
class Served:
    """A Superset that was started by `assurance superset`, and the state folder that it reads."""

    terminal: Terminal
    client: Superset
    output: list[str]
    password: str


@pytest.fixture(scope="session")
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
    published.does("run", "--as-at", "2026-04-22T05:30")
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


@pytest.fixture(scope="session")
def reader(served: Served) -> Iterator[psycopg.Connection[Row]]:
    with psycopg.connect(served.terminal.url("bi"), row_factory=dict_row) as connection:
        yield connection


@pytest.fixture(scope="session")
def numbers(served: Served) -> dict[str, int]:
    """A mapping from each chart's UUID to the number that Superset has given the chart."""
    return {
        uuid: number
        for dashboard in dashboards(PROJECT)
        for uuid, number in served.client.charts(dashboard.name).items()
    }


@pytest.fixture(scope="session")
def readers(served: Served) -> dict[str, tuple[str, str]]:
    """The name and password of a person with each of the two roles, keyed by the role."""
    answer = served.client.session.get("/api/v1/security/roles/?q=(page_size:100)").json()
    numbers = {one["name"]: one["id"] for one in answer["result"]}
    made = {}
    for name, role in (("figures", READER), ("records", RECORDS_READER)):
        given = {
            "username": name, "first_name": name, "last_name": "reader", "active": True,
            "email": f"{name}@localhost", "roles": [numbers[role]], "password": served.password,
        }  # fmt: skip
        done = served.client.session.post("/api/v1/security/users/", json=given)
        assert done.status_code == 201, done.text
        made[role] = (name, served.password)
    return made


def log_in(served: Served, browser: Browser, name: str, device: Row) -> BrowserContext:
    """Log in to Superset in a new window of a device, as Playwright describes it.

    Now and then Superset accepts a login and then shows its login page again, as if a late answer
    had replaced the session's cookie. Then this function logs in a second time, as a person would.
    """
    context = browser.new_context(base_url=served.client.address, **device)
    page = context.new_page()
    for _ in range(2):
        page.goto("/login/", wait_until="networkidle")
        page.locator("#username").fill(name)
        page.locator("#password").fill(served.password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/welcome/" in url or "welcome%2F" in url)
        if "/welcome/" in page.url:
            break
    page.wait_for_url("**/superset/welcome/**")
    page.close()
    return context


@pytest.fixture(scope="session")
def logged_in(served: Served, browser: Browser) -> Iterator[BrowserContext]:
    """Chromium, in which the administrator has logged in."""
    context = log_in(served, browser, "assurance", DESK)
    yield context
    context.close()
