"""A simulated force with two publications. The tests of a module share it."""

import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.publishing.publish import publish
from oic_assurance.settings import load_settings
from tests.end_to_end.terminal import Terminal
from tests.readers.copies import Copier


@pytest.fixture(scope="module")
def force() -> Iterator[Terminal]:
    home = Path(tempfile.mkdtemp(prefix="assurance-odbc-"))
    terminal = Terminal(home)
    try:
        for command in (
            ("simulate", "--seed", "11", "--from", "2025-11-01", "--to", "2026-04-20"),
            ("run", "--as-at", "2026-04-21T05:30"),
        ):
            done = terminal.assurance(*command)
            assert done.returncode == 0, done.stdout + done.stderr
        # A second publication, so that a test can roll back to the first.
        settings = dataclasses.replace(load_settings(), home=home)
        publish(settings, Copier.of_current(settings).make())
        yield terminal
    finally:
        terminal.assurance("db", "stop")
        shutil.rmtree(home, ignore_errors=True)
