"""A force with seven weeks of history, in a state folder that the end-to-end tests share."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.pseudo_terminal import Display
from tests.end_to_end.server_log import kept_server_log
from tests.end_to_end.terminal import PROJECT, Terminal

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
        terminal.does("simulate", "--seed", SEED, "--from", FIRST_DAY, "--to", LAST_DAY)
        yield terminal
    finally:
        terminal.assurance("db", "stop")


@pytest.fixture(scope="session")
def first_display(terminal: Terminal) -> Display:
    """What a terminal of 80 columns shows of the first run, which all end-to-end tests share."""
    return terminal.shown("run", "--as-at", AS_AT)


@pytest.fixture(scope="session")
def first_run(first_display: Display) -> str:
    """The text that the terminal shows of the first run."""
    return first_display.text


@dataclass(frozen=True)
class Interrupted:
    """A run that got Ctrl-C while it landed.

    `running` has the processes that were still running after its end. `pid` is the run's own
    process. `beside` is a second run that was started while the first one ran.
    """

    pid: int
    code: int
    display: Display
    running: list[str]
    beside: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def interrupted(terminal: Terminal, first_run: str) -> Interrupted:
    """A run after the first one, which was interrupted on a terminal while it landed."""
    run = terminal.on_a_terminal("run", "--as-at", AS_AT)
    try:
        run.read_until("Warehouse")
        beside = terminal.assurance("run", "--as-at", AS_AT)
        run.read_until("Extract and land")
        run.press_ctrl_c()
        code = run.end()
    finally:
        run.kill()
    return Interrupted(run.pid, code, run.display(), run.running(), beside)


@pytest.fixture
def damaged_project(tmp_path: Path) -> Path:
    """A copy of the project, in which a test can damage a model."""
    for name in ("include", "expectations", "dags", "dbt_project"):
        shutil.copytree(
            PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("target", "__pycache__")
        )
    return tmp_path
