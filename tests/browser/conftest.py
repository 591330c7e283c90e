"""Fixtures for the browser tests: a synthetic force with a publication, and Chromium."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.terminal import Terminal

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright. pytest can collect this file without Playwright,
    # because only a type checker runs this import.
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def published() -> Iterator[Terminal]:
    home = Path(tempfile.mkdtemp(prefix="assurance-browser-"))
    terminal = Terminal(home)
    try:
        made = terminal.assurance(
            "simulate", "--seed", "11", "--from", "2025-06-01", "--to", "2026-04-20"
        )
        assert made.returncode == 0, made.stderr
        done = terminal.assurance("run", "--as-at", "2026-04-21T05:30")
        assert done.returncode == 0, done.stdout + done.stderr
        yield terminal
    finally:
        terminal.assurance("db", "stop")
        shutil.rmtree(home, ignore_errors=True)


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
