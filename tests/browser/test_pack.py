"""In a real browser, the pack and a release's pages render, fit a phone, and are accessible."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import axe
from tests.end_to_end.terminal import Terminal

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright. pytest can collect this file without Playwright,
    # because only a type checker runs this import.
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
#: The pages, with the smallest number of drawings that each has. A measure without released figures
#: has no drawing.
PAGES = {"pack": 3, "release": 1, "quality": 0, "withdrawn": 0}
#: A publisher with addresses as long as real ones.
PUBLISHER = """
publisher: Example Constabulary
publisher_url: https://www.example-constabulary.invalid/about-us/what-we-do/our-figures
contact: Assurance team
contact_email: assurance-and-performance@example-constabulary.invalid
contact_phone: "101"
licence: Open Government Licence v3.0
licence_url: https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/
next_release: 2026-07-21
pre_release_access: Nobody outside the team that makes the figures.
"""


@pytest.fixture(scope="module")
def folder(published: Terminal) -> Path:
    return published.home / "reports" / "pack"


@pytest.fixture(scope="module")
def files(published: Terminal, folder: Path) -> dict[str, Path]:
    """The Board's pack, the pages of a release, and the notice that the release is withdrawn."""
    to = published.home / "release"
    if not to.exists():
        publisher = published.home / "publisher.yml"
        publisher.write_text(PUBLISHER, encoding="utf-8")
        told = replace(published, extra={"ASSURANCE_PUBLISHER": str(publisher)})
        told.does("release", "make", "--reason", "a test", "--to", str(to))
        published.does("release", "withdraw", "1", "--reason", "a test of the notice")
    return {
        "pack": folder / "assurance-pack.html",
        "release": to / "index.html",
        "quality": to / "quality.html",
        "withdrawn": to / "WITHDRAWN.html",
    }


@contextmanager
def opened(
    browser: Browser, file: Path, screen: dict[str, int]
) -> Iterator[tuple[Page, list[str]]]:
    """Yield the opened page, and a list that collects its errors and its network requests."""
    page = browser.new_page(viewport=screen)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request",
        lambda request: (
            problems.append(request.url) if not request.url.startswith(("file:", "data:")) else None
        ),
    )
    page.goto(file.as_uri())
    try:
        yield page, problems
    finally:
        page.close()


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", PAGES)
def test_it_renders_without_errors_and_fits_the_screen(
    browser: Browser, files: dict[str, Path], name: str, screen: dict[str, int]
) -> None:
    # Chromium writes to its console what the page's Content-Security-Policy has blocked, so
    # `problems` contains that too.
    with opened(browser, files[name], screen) as (page, problems):
        assert page.locator("h1").count() == 1
        drawings = page.locator(".drawing svg")
        assert drawings.count() >= PAGES[name]
        for number in range(drawings.count()):
            box = drawings.nth(number).bounding_box()
            assert box is not None
            assert box["width"] > 200
            assert box["height"] > 30
        assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
        assert problems == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible(browser: Browser, files: dict[str, Path], name: str) -> None:
    with opened(browser, files[name], DESK) as (page, _):
        assert axe.problems(page) == []


def test_a_table_that_is_cut_off_shows_that_it_goes_on(browser: Browser, folder: Path) -> None:
    """On a phone, the last columns of a table, such as State and Change, are beyond the edge."""
    with opened(browser, folder / "assurance-pack.html", PHONE) as (page, _):
        hints = page.locator(".scroll").evaluate_all(
            """all => all.filter(one => one.scrollWidth > one.clientWidth)
                .map(one => getComputedStyle(one).backgroundAttachment)"""
        )
        assert hints
        assert set(hints) == {"local, local, scroll, scroll"}


@pytest.mark.parametrize("name", ["release", "quality", "withdrawn"])
def test_a_release_needs_no_script_and_its_links_arrive(
    browser: Browser, files: dict[str, Path], name: str
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(files[name].as_uri())
    assert page.locator("main").inner_text()
    for link in page.locator("a[href]").all():
        place = (link.get_attribute("href") or "").partition("#")[0]
        if place and ":" not in place:
            assert (files[name].parent / place).is_file(), place
    context.close()


@pytest.mark.parametrize("name", ["release", "quality"])
def test_the_keyboard_reaches_the_content_of_a_release(
    browser: Browser, files: dict[str, Path], name: str
) -> None:
    with opened(browser, files[name], DESK) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        page.wait_for_url("**#content")


def test_a_release_on_paper_has_its_figures_and_no_menu(
    browser: Browser, files: dict[str, Path]
) -> None:
    with opened(browser, files["release"], DESK) as (page, _):
        page.emulate_media(media="print")
        assert not page.locator("nav").is_visible()
        assert not page.locator(".skip").is_visible()
        for table in page.locator("table").all():
            assert table.is_visible()
        # A4 between margins of 15 mm, at 96 pixels an inch.
        page.set_viewport_size({"width": 680, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth") <= 680


def test_the_keyboard_reaches_the_content_and_the_numbers(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "assurance-pack.html", DESK) as (page, _):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.locator("summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("details").first.get_attribute("open") is not None


def test_every_chart_has_a_text_and_a_table(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "assurance-pack.html", DESK) as (page, _):
        for figure in page.locator("figure").all():
            assert len(figure.locator(".drawing").get_attribute("aria-label") or "") > 20
            assert figure.locator("table tbody tr").count() > 0


def test_the_text_of_charts_is_readable_on_a_phone(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "assurance-pack.html", PHONE) as (page, _):
        smallest = page.evaluate(
            """Math.min(...[...document.querySelectorAll('.drawing svg text')].map(text => {
                const scale = text.ownerSVGElement.getBoundingClientRect().width
                    / text.ownerSVGElement.viewBox.baseVal.width;
                return parseFloat(getComputedStyle(text).fontSize) * scale;
            }))"""
        )
        assert smallest >= 8
