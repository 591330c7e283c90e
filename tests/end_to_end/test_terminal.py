"""On a terminal of any width, commands show their stages, the position and nothing else."""

import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from oic_assurance import clock
from oic_assurance.platform.progress import SPINNER
from oic_assurance.platform.tasks import LABELS
from tests.end_to_end.conftest import Interrupted
from tests.end_to_end.pseudo_terminal import Display, PseudoTerminal
from tests.end_to_end.terminal import Terminal

STAGE = re.compile(r"✓ (.{1,40}?) +\d+\.\d s")
SUMMARY = (
    "from oic_assurance.cli.shown import as_text\n"
    "from oic_assurance.cli.run import summary\n"
    "from oic_assurance.builds.runs import last_run\n"
    "from oic_assurance.settings import load_settings\n"
    "print(as_text(summary(load_settings(), last_run(load_settings()))), end='')"
)
PLAIN_STAGE = re.compile(r"ok     (.{1,40}?) +\d+\.\d s")
#: A program that shows one step of half a second in the same way as the commands.
WORK = (
    "import time\n"
    "from oic_assurance.platform.progress import Screen\n"
    "with Screen() as screen, screen.step('Work') as step:\n"
    "    step.advance('rows', 3, 12)\n"
    "    time.sleep(0.5)"
)
COLOUR = re.compile(rb"\x1b\[[\d;]*m")


def yesterday() -> str:
    return str(clock.london_day(clock.utc_now()) - timedelta(days=1))


def simulate_until(day: str) -> tuple[str, ...]:
    first = str(clock.london_day(clock.utc_now()) - timedelta(days=20))
    return ("simulate", "--seed", "11", "--from", first, "--to", day)


@pytest.fixture(scope="module")
def home() -> Iterator[Terminal]:
    """A state folder with a force simulated until the day before yesterday."""
    with tempfile.TemporaryDirectory(prefix="assurance-terminal-") as folder:
        terminal = Terminal(Path(folder))
        try:
            day = clock.london_day(clock.utc_now()) - timedelta(days=2)
            made = terminal.assurance(*simulate_until(str(day)))
            assert made.returncode == 0, made.stderr
            yield terminal
        finally:
            terminal.assurance("db", "stop")


@pytest.fixture(scope="module")
def interrupted_demo(home: Terminal) -> Display:
    """The display of `assurance demo`, which `make run` calls, until it was interrupted."""
    run = home.on_a_terminal("demo")
    try:
        run.read_until("Extract and land")
        run.press_ctrl_c()
        assert run.end() == 130
    finally:
        run.kill()
    return run.display()


@pytest.fixture(scope="module")
def demo(home: Terminal, interrupted_demo: Display) -> Display:
    """The display of `assurance demo` after the interrupted one."""
    return home.shown("demo")


def summary_of(terminal: Terminal) -> str:
    """Return the summary of the newest run, as a command of 80 columns writes it."""
    return terminal.python("-c", SUMMARY, COLUMNS="80").stdout


def stages_of(display: Display) -> list[str]:
    """Return the stages that a display shows. Every line before them is the line of a stage."""
    shown = [STAGE.fullmatch(line) for line in display.lines[: display.lines.index("")]]
    assert all(shown), display.text
    return [match[1] for match in shown if match]


def test_a_run_shows_its_stages_then_the_position_and_nothing_else(
    terminal: Terminal, first_display: Display
) -> None:
    stages = stages_of(first_display)
    assert stages[:2] == ["Warehouse", "Start Airflow"]
    assert sorted(stages[2:]) == sorted(LABELS.values())
    blank = first_display.lines.index("")
    assert "\n".join(first_display.lines[blank + 1 :]) == summary_of(terminal)
    assert first_display.cursor_is_shown


def test_no_line_of_a_run_is_wider_than_the_terminal(first_display: Display) -> None:
    assert not any(first_display.goes_on), first_display.text


def test_the_log_has_what_airflow_and_dbt_wrote(terminal: Terminal, first_run: str) -> None:
    logs = (terminal.home / "log").glob("run-*.log")
    log = min(logs, key=lambda path: path.stat().st_mtime).read_text(encoding="utf-8")
    assert "DagRun Finished: dag_id=assurance_daily" in log
    assert "[task]" in log
    assert log.count("\n") > 100


@pytest.mark.slow
def test_the_demonstration_makes_its_force_once_and_then_shows_a_run(
    home: Terminal, interrupted_demo: Display, demo: Display
) -> None:
    begun = ["Database server and sources", f"Synthetic force 11 to {yesterday()}", "Warehouse"]
    shown = [STAGE.fullmatch(line) for line in interrupted_demo.lines[:3]]
    assert [match and match[1] for match in shown] == begun
    stages = stages_of(demo)
    assert stages[:3] == ["Database server and sources", "Warehouse", "Start Airflow"]
    assert sorted(stages[3:]) == sorted(LABELS.values())
    assert "\n".join(demo.lines[demo.lines.index("") + 1 :]) == summary_of(home)
    assert not any(demo.goes_on), demo.text


def test_ctrl_c_ends_a_run_with_one_line_and_leaves_no_process(interrupted: Interrupted) -> None:
    display = interrupted.display
    assert interrupted.code == 130
    *stages, failed, last, after = display.lines
    assert all(STAGE.fullmatch(line) for line in stages), display.text
    assert re.fullmatch(r"✗ Extract and land +\d+\.\d s", failed), display.text
    assert (last, after) == ("assurance: interrupted.", "")
    assert display.cursor_is_shown
    assert not interrupted.running


def test_an_interrupted_run_is_marked_and_the_server_stays(
    terminal: Terminal, interrupted: Interrupted
) -> None:
    # No later run can have marked the interrupted run, because there is none yet.
    run = json.loads(terminal.assurance("status", "--json").stdout)["run"]
    assert (run["outcome"], "interrupted before its end" in run["message"]) == ("failed", True)
    assert (terminal.home / "postgres").is_dir()


@pytest.mark.parametrize(
    "command",
    [
        ("status",), ("checks",), ("publication", "list"), ("batch", "list"),
        ("quarantine", "list"), ("erase", "expired", "--dry-run"),
        ("run", "--as-at", "some time that is not a moment and needs more than a line of words"),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_every_screen_fits_80_columns(
    terminal: Terminal, first_run: str, command: tuple[str, ...]
) -> None:
    shown = terminal.on_a_terminal(*command)
    assert shown.end() == (2 if "--as-at" in command else 0)
    assert not any(shown.display().goes_on), shown.display().text


def work_on_a_terminal(terminal: Terminal, extra: Mapping[str, str]) -> tuple[bytes, list[str]]:
    """Run one step on a terminal. Return the bytes that it sends, and the lines that remain."""
    environment = {**terminal.environment, "TERM": "xterm-256color", **extra}
    shown = PseudoTerminal([sys.executable, "-c", WORK], environment, 80)
    assert shown.end() == 0
    return shown.sent, [line for line in shown.display().lines if line]


def test_a_terminal_gets_a_live_line_in_colour(terminal: Terminal) -> None:
    sent, lines = work_on_a_terminal(terminal, {})
    assert COLOUR.search(sent)
    assert any(frame.encode() in sent for frame in SPINNER)
    assert b"rows 3 of 12" in sent
    assert len(lines) == 1
    assert STAGE.fullmatch(lines[0])


def test_no_color_means_none(terminal: Terminal) -> None:
    sent, lines = work_on_a_terminal(terminal, {"NO_COLOR": "1"})
    assert not COLOUR.search(sent)
    assert len(lines) == 1
    assert STAGE.fullmatch(lines[0])


def test_a_dumb_terminal_gets_plain_lines(terminal: Terminal) -> None:
    sent, lines = work_on_a_terminal(terminal, {"TERM": "dumb"})
    assert b"\x1b" not in sent
    assert len(lines) == 1
    assert PLAIN_STAGE.fullmatch(lines[0])


def test_a_pipe_gets_plain_lines_whatever_the_environment_asks_for(terminal: Terminal) -> None:
    done = terminal.python("-c", WORK, FORCE_COLOR="1")
    assert PLAIN_STAGE.fullmatch(done.stdout.rstrip("\n"))
    assert done.stderr == ""


@pytest.mark.slow
def test_a_build_that_is_interrupted_leaves_the_last_publication(
    home: Terminal, demo: Display
) -> None:
    before = home.assurance("publication", "list").stdout
    run = home.on_a_terminal("run")
    try:
        run.read_until(LABELS["build_marts"])
        time.sleep(4)
        run.press_ctrl_c()
        assert run.end() == 130
    finally:
        run.kill()
    assert not run.running()
    assert home.assurance("publication", "list").stdout == before
    done = home.assurance("run")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "extra"), [(40, {"NO_COLOR": "1"}), (120, {"TERM": "dumb"})],
    ids=["narrow-no-color", "wide-dumb"],
)  # fmt: skip
def test_a_run_is_tidy_on_any_terminal(
    home: Terminal, demo: Display, columns: int, extra: dict[str, str]
) -> None:
    run = home.on_a_terminal("run", columns=columns, extra=extra)
    assert run.end() == 0
    assert not COLOUR.search(run.sent)
    assert (b"\x1b" in run.sent) == ("TERM" not in extra)
    display = run.display()
    whole = [line for line, is_wide in zip(display.lines, display.is_wide, strict=True) if is_wide]
    # Only a path may be wider than the terminal, and it must be alone on its line.
    assert all(line.startswith(str(home.home)) and " " not in line for line in whole), display.text
    assert "airflow" not in display.text.lower().replace("start airflow", "")
