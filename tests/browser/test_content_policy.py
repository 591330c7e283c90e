"""In a real browser, a report shows its own styles and drawings, and no script in it runs."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oic_assurance.gates.content_policy import with_policy

if TYPE_CHECKING:
    # Only `make test-all` installs Playwright. pytest can collect this file without Playwright,
    # because only a type checker runs this import.
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow

REPORT = """<!doctype html>
<html lang="en-GB"><head>
<meta charset="utf-8">
<title>A report</title>
<link rel="icon" href="data:,">
<style>h1 { color: rgb(1, 2, 3) }</style>
</head>
<body><h1>A unit</h1>
<svg style="max-width:321px" viewBox="0 0 9 9"><rect width="9" height="9" fill="red"/></svg>
</body></html>
"""
#: What a malicious name from a source could contain, if it were written into a page unescaped.
INJECTED = """<script>document.title = "taken"</script>
<img src="x:" onerror="document.title = 'taken'">
<img src="http://127.0.0.1:PORT/taken"><style>h1 { display: none }</style>
<form action="http://127.0.0.1:PORT/taken"><input name="q"></form>"""


def test_a_report_shows_and_what_is_injected_does_nothing(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    file.write_text(with_policy(REPORT), encoding="utf-8")
    page.goto(file.as_uri())
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(1, 2, 3)"
    assert page.evaluate("getComputedStyle(document.querySelector('svg')).maxWidth") == "321px"
    assert said == []

    listener = socket.create_server(("127.0.0.1", 0))
    injected = INJECTED.replace("PORT", str(listener.getsockname()[1]))
    file.write_text(with_policy(REPORT.replace("A unit", injected)), encoding="utf-8")
    page.goto(file.as_uri())
    page.wait_for_timeout(500)
    assert page.title() == "A report"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).display") == "block"
    page.evaluate("document.forms[0].submit()")
    page.wait_for_timeout(500)
    assert page.url == file.as_uri()
    assert said
    page.close()
    assert received(listener) == b""


def received(listener: socket.socket) -> bytes:
    """Return the bytes that clients have sent.

    A browser may open a connection early and send nothing, so a connection alone does not count.
    """
    listener.settimeout(1)
    data = b""
    with listener, contextlib.suppress(TimeoutError):
        while True:
            client, _ = listener.accept()
            with client, contextlib.suppress(TimeoutError):
                client.settimeout(1)
                data += client.recv(65536)
    return data
