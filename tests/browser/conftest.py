"""Fixtures for the browser tests: a synthetic force with a publication, and Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.terminal import Terminal, published_force

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright. pytest can collect this file without Playwright,
    # because only a type checker runs this import.
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def published() -> Iterator[Terminal]:
    with published_force("2025-06-01") as terminal:
        yield terminal


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium from the Debian package."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        assert chromium, "chromium is not installed: `make debian-packages`"
        # Chromium's sandbox does not work for root.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
