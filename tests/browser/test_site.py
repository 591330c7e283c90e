"""The documentation site, built with `make docs` and opened from its folder without a network."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from oic_assurance.reporting.documents.measures import measures
from oic_assurance.settings import load_settings
from tests.browser import axe
from tests.end_to_end.terminal import Terminal

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright. pytest can collect this file without Playwright,
    # because only a type checker runs this import.
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.slow

PROJECT = load_settings().project_root
SITE = PROJECT / "build" / "site"
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
DBT_DOCS = "dbt_docs.html"
MEASURES = measures(PROJECT)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1400, "height": 900}


@pytest.fixture(scope="module")
def site(published: Terminal) -> Path:
    """The site, with the figures of a synthetic force."""
    shutil.rmtree(SITE, ignore_errors=True)
    done = subprocess.run(
        ["make", "docs"], cwd=PROJECT, capture_output=True, text=True, check=False,
        env={**os.environ, "ASSURANCE_HOME": str(published.home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SITE}/index.html" in done.stdout
    return SITE


@pytest.fixture(scope="module")
def offline(site: Path, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESK, offline=True)
    yield context
    context.close()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The address of the site's folder on a web server of this machine."""
    handler = functools.partial(Quiet, directory=str(site))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
        """Write nothing."""


class Read(HTMLParser):
    """Parses an HTML page and collects its links, its anchors and the files that it loads."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "link" and given.get("rel") == "canonical":
            return
        if tag in LOADED and (address := given.get(LOADED[tag])):
            self.loads.append(address)
        if tag == "a" and (address := given.get("href")):
            self.links.append(address)


def test_no_page_loads_from_elsewhere_and_every_link_resolves(site: Path) -> None:
    files = sorted(one for one in site.rglob("*.html") if one.name != DBT_DOCS)
    read = {file.resolve(): Read(file) for file in files}
    assert len(read) > 70
    wrong = []
    for file, page in read.items():
        for address in page.loads + page.links:
            parts = urlsplit(address)
            if parts.scheme == "data" or (file.name == "404.html"):
                continue
            if parts.scheme or parts.netloc:
                wrong += [f"{file.name}: {address}"] if address in page.loads else []
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            anchor = unquote(parts.fragment)
            if not target.is_file():
                wrong.append(f"{file.name}: {address}: no such file")
            elif anchor and target in read and anchor not in read[target].anchors | {"__skip", ""}:
                wrong.append(f"{file.name}: {address}: no such anchor")
    assert wrong == []


@pytest.mark.parametrize(
    "name",
    [
        "index", "measures/index", "measures/nccu_intel_compliance", "how-to/run-it",
        "datasets/index", "bi/dictionary/marts.assurance_position",
    ],
)  # fmt: skip
def test_a_page_opens_without_errors_and_without_a_network(
    offline: BrowserContext, site: Path, name: str
) -> None:
    page, problems = _opened(offline, site / f"{name}.html")
    assert page.locator("h1").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1400
    assert problems == []
    page.close()


@pytest.mark.parametrize(
    "name",
    [
        "index", "measures/index", "measures/nccu_intel_compliance", "explanation/spc",
        "datasets/rms_nccu_referral", "bi/dictionary/marts.assurance_position",
    ],
)  # fmt: skip
def test_a_page_is_accessible(offline: BrowserContext, site: Path, name: str) -> None:
    page, _ = _opened(offline, site / f"{name}.html")
    assert axe.problems(page) == []
    page.close()


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("quarantine", None),
        ("Hydra", "measures/hydra_completion.html"),
        ("HYDRA", "measures/hydra_completion.html"),
        ("hydra_completion", "measures/hydra_completion.html"),
        ("e-learning", "measures/elearning_completion.html"),
        ("NCCU", None),
        ("overdue", None),
    ],
)
def test_the_search_finds_without_a_network(
    offline: BrowserContext, site: Path, typed: str, first: str | None
) -> None:
    page, problems = _opened(offline, site / "index.html")
    found = _found(page, typed)
    assert problems == []
    assert len(found) > 2
    assert first is None or found[0].partition("?")[0] == (site / first).as_uri()
    page.close()


def test_the_search_finds_the_same_on_a_web_server(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(f"{address}/index.html")
    assert _found(page, "Hydra")[0].startswith(f"{address}/measures/hydra_completion.html")
    context.close()


@pytest.mark.parametrize("screen", [PHONE, DESK])
@pytest.mark.parametrize(
    "name", ["measures/nccu_intel_compliance", "bi/dictionary/marts.fct_nccu_referral"]
)
def test_no_page_is_wider_than_the_screen(
    browser: Browser, site: Path, name: str, screen: dict[str, int]
) -> None:
    context = browser.new_context(viewport=screen, offline=True)
    page, _ = _opened(context, site / f"{name}.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
    context.close()


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("[there](nowhere.md)", "nowhere.md"),
        ("[there](run-it.md#no-such-place)", "no-such-place"),
        ("[there](../../include/nothing.py)", "nothing.py"),
    ],
)
def test_a_broken_link_fails_the_build(link: str, message: str) -> None:
    page = PROJECT / "docs" / "how-to" / "verify.md"
    before = page.read_text(encoding="utf-8")
    try:
        page.write_text(f"{before}\n{link}\n", encoding="utf-8")
        done = subprocess.run(
            ["make", "docs"], cwd=PROJECT, capture_output=True, text=True, check=False
        )
    finally:
        page.write_text(before, encoding="utf-8")
    assert done.returncode != 0
    assert message in done.stderr


def _found(page: Page, typed: str) -> list[str]:
    """Type into the search, and return the addresses of the results, best first."""
    page.locator("input.md-search__input").click()
    page.keyboard.type(typed)
    links = page.locator(".md-search-result__item > a.md-search-result__link")
    links.first.wait_for(timeout=30_000)
    found: list[str] = links.evaluate_all("all => all.map(link => link.href)")
    return found


def _opened(context: BrowserContext, file: Path) -> tuple[Page, list[str]]:
    """Return the opened page, and a list that collects its errors and its network requests."""
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda one: problems.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    local = ("file:", "data:", "blob:")
    page.on("request", lambda one: None if one.url.startswith(local) else problems.append(one.url))
    page.goto(file.as_uri())
    return page, problems
