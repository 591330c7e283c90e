"""A force with seven weeks of history, in a state folder that the end-to-end tests share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.server_log import kept_server_log
from tests.end_to_end.terminal import Terminal

SEED, FIRST_DAY, LAST_DAY = "11", "2026-03-01", "2026-04-20"
AS_AT = "2026-04-21T05:30"


@pytest.fixture(scope="session")
def state() -> Iterator[Path]:
    """An empty state folder, which is removed after the tests."""
    home = Path(tempfile.mkdtemp(prefix="assurance-end-to-end-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def server_log(state: Path) -> Iterator[Path]:
    """A folder with all log files of the embedded server, even those that a run has deleted."""
    with kept_server_log(state) as folder:
        yield folder


@pytest.fixture(scope="session")
def terminal(state: Path, server_log: Path) -> Iterator[Terminal]:
    terminal = Terminal(state)
    try:
        made = terminal.assurance("simulate", "--seed", SEED, "--from", FIRST_DAY, "--to", LAST_DAY)
        assert made.returncode == 0, made.stderr
        yield terminal
    finally:
        terminal.assurance("db", "stop")


@pytest.fixture(scope="session")
def first_run(terminal: Terminal) -> str:
    """The output of the first run, which all end-to-end tests share."""
    done = terminal.assurance("run", "--as-at", AS_AT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
