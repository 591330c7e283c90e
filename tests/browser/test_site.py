"""The documentation site, built with `make docs` and opened from its folder without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from oic_assurance.settings import load_settings

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright. pytest can collect this file without Playwright,
    # because only a type checker runs this import.
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.slow

PROJECT = load_settings().project_root
SITE = PROJECT / "build" / "site"
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
DBT_DOCS = "dbt_docs.html"


@pytest.fixture(scope="module")
def site() -> Path:
    shutil.rmtree(SITE, ignore_errors=True)
    done = subprocess.run(
        ["make", "docs"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SITE}/index.html" in done.stdout
    return SITE


@pytest.fixture(scope="module")
def offline(site: Path, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    yield context
    context.close()


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
    "name", ["index", "measures", "lineage", "how-to/run-it", "datasets/index"]
)
def test_a_page_opens_without_errors_and_without_a_network(
    offline: BrowserContext, site: Path, name: str
) -> None:
    page, problems = _opened(offline, site / f"{name}.html")
    assert page.locator("h1").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1400
    assert problems == []
    page.close()


def test_the_search_works_without_a_network(offline: BrowserContext, site: Path) -> None:
    page, problems = _opened(offline, site / "index.html")
    page.locator("input.md-search__input").click()
    page.keyboard.type("quarantine")
    page.locator(".md-search-result__item").first.wait_for(timeout=30_000)
    assert problems == []
    page.close()


def test_a_box_of_the_lineage_links_to_its_model(offline: BrowserContext, site: Path) -> None:
    page, _ = _opened(offline, site / "lineage.html")
    requested: list[str] = []
    page.on("request", lambda one: requested.append(one.url))
    page.locator("svg.lineage a", has_text="int_nccu_referral_class").click()
    page.locator("h1", has_text="int_nccu_referral_class").first.wait_for(timeout=60_000)
    assert [one for one in requested if not one.startswith(("file:", "data:", "blob:"))] == []
    page.close()


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("[there](nowhere.md)", "nowhere.md"),
        ("[there](run-it.md#no-such-place)", "no-such-place"),
        ("[there](../../include/nothing.py)", "nothing.py"),
    ],
)
def test_a_broken_link_fails_the_build(site: Path, tmp_path: Path, link: str, message: str) -> None:
    shutil.copytree(PROJECT / "docs", tmp_path / "docs")
    shutil.copy(PROJECT / "mkdocs.yml", tmp_path)
    for name in ("include", "dbt_project", "tests"):
        (tmp_path / name).symlink_to(PROJECT / name)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "dbt").symlink_to(PROJECT / "build" / "dbt")
    with (tmp_path / "docs" / "how-to" / "verify.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{link}\n")
    done = subprocess.run(
        [PROJECT / ".venv" / "bin" / "mkdocs", "build"], cwd=tmp_path,
        capture_output=True, text=True, check=False, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode != 0
    assert message in done.stderr


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
