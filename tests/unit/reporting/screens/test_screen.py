"""A terminal shows figures, tables and progress. The output of libraries goes to the log."""

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from oic_assurance.platform.progress import Screen
from oic_assurance.platform.run_log import to_log
from oic_assurance.platform.tasks import TaskEvent, TaskLines
from oic_assurance.reporting.screens import layout
from oic_assurance.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "home"))
    return load_settings()


def test_a_figure_without_a_denominator_is_a_dash_not_a_zero() -> None:
    assert layout.share(None) == "–"
    assert layout.share(0.0) == "0.0%"
    assert layout.interval(None, 0.5) == "–"
    assert layout.interval(0.25, 0.5) == "25.0–50.0%"


def test_a_moment_is_shown_as_a_clock_in_london_shows_it() -> None:
    assert layout.moment(datetime(2026, 7, 1, 4, 30, tzinfo=UTC)) == "Wed 01 Jul 2026 05:30"
    assert layout.day(date(2026, 4, 30)) == "30 Apr 2026"


def test_columns_are_as_wide_as_they_need() -> None:
    assert layout.table(("a", "b"), [("long", "x"), ("s", "")], indent=1) == [
        " a     b", " long  x", " s",
    ]  # fmt: skip


def test_a_path_is_never_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    path = "/a-path/that-is/longer-than/any-line-of/a-terminal.html"
    assert layout.wrapped(f"see {path} for more", 9, "  page   ") == [
        "  page   see", path, "         for more",
    ]  # fmt: skip
    assert layout.wrapped(path, 9, "  page   ") == ["  page", path]


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_a_table_fits_the_terminal_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    head = ("name", "status", "what it is about")
    rows = [("a" * 20, "in progress", "many words " * 5), ("b", "done", "few words")]
    lines = layout.table(head, rows, notes=["a note on the first row", ""])
    assert all(len(line) <= columns for line in lines)
    words = " ".join(lines).split()
    for row in (*rows, ("a note on the first row",)):
        assert all(words.count(word) >= " ".join(row).split().count(word) for word in words)
    assert [line for line in lines if line.startswith(("  a", "  b"))] != []


def test_a_number_has_its_noun() -> None:
    assert layout.count(1, "row") == "1 row"
    assert layout.count(1200, "row") == "1,200 rows"


def told(settings: Settings, *events: TaskEvent, is_interrupted: bool = False) -> list[str]:
    file = io.StringIO()
    with (
        contextlib.suppress(KeyboardInterrupt),
        Screen(file) as screen,
        TaskLines(settings, screen) as lines,
    ):
        for event in events:
            lines.report(event)
        if is_interrupted:
            raise KeyboardInterrupt
    return file.getvalue().splitlines()


def test_a_task_is_a_line_and_the_extractions_share_one(settings: Settings) -> None:
    lines = told(
        settings,
        TaskEvent("open_run", None, "running", 0),
        TaskEvent("open_run", None, "success", 1.0),
        TaskEvent("extract", None, "running", 0),
        TaskEvent("extract", "rms/occurrence", "success", 1.0),
        TaskEvent("extract", None, "running", 0),
        TaskEvent("extract", "hr/personnel", "up_for_retry", 1.0, "down"),
        TaskEvent("extract", "hr/personnel", "failed", 1.0, "still [down]"),
        TaskEvent("publish", None, "failed", 1.0, "blocked"),
    )
    assert [line.split()[0] for line in lines] == ["ok", "ok", "FAILED", "PARTLY", "FAILED"]
    assert "hr/personnel" in lines[2]
    assert lines[2].endswith("still [down]")
    assert lines[4].endswith("blocked")
    assert len((settings.log_dir / "timings.tsv").read_text().splitlines()) == 5


def test_an_error_is_shown_once_and_an_interrupted_task_is_not_ok(settings: Settings) -> None:
    lines = told(
        settings,
        TaskEvent("extract", None, "running", 0),
        TaskEvent("extract", "rms/occurrence", "up_for_retry", 1.0, "rms is down"),
        TaskEvent("extract", "rms/occurrence", "failed", 1.0, "rms is down"),
        TaskEvent("extract", "rms/custody_record", "failed", 1.0, "rms is down"),
        TaskEvent("close_run", None, "failed", 1.0, "Nothing was published: rms is down"),
        TaskEvent("tidy", None, "running", 0),
        is_interrupted=True,
    )
    assert [(line.split()[0], re.split(r"\d s", line)[1].strip()) for line in lines] == [
        ("ok", ""), ("FAILED", "rms is down"), ("FAILED", "as above"), ("PARTLY", ""),
        ("FAILED", "as above"), ("FAILED", ""),
    ]  # fmt: skip


def test_a_live_line_replaces_neither_standard_output_nor_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A screen that redraws its progress line does not replace standard output or error.

    A library that is imported while the line is shown stores these streams, and uses them after the
    line has ended. So they must be the original streams.
    """
    monkeypatch.setenv("TERM", "xterm")
    output, errors = sys.stdout, sys.stderr
    reader, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as file, Screen(file) as screen, screen.step("Work"):
        assert (sys.stdout, sys.stderr) == (output, errors)
        file.flush()
        # A hidden cursor shows that the line is live.
        assert os.read(reader, 100).startswith(b"\x1b[?25l")
    os.close(reader)


def test_what_libraries_print_goes_to_the_log(settings: Settings) -> None:
    script = (
        "import os, sys\n"
        "from oic_assurance.platform.run_log import to_log\n"
        "from oic_assurance.settings import load_settings\n"
        "with to_log(load_settings()) as (log, terminal):\n"
        "    print('chatter'); os.system('echo a child')\n"
        "    print('for people', file=terminal)\n"
        "print('afterwards')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env={**os.environ, "ASSURANCE_HOME": str(settings.home)},
    )  # fmt: skip
    assert done.stdout == "for people\nafterwards\n"
    (log,) = settings.log_dir.glob("run-*.log")
    assert log.read_text() == "chatter\na child\n"
    assert log.stat().st_mode & 0o077 == 0


def test_an_error_gives_the_terminal_back(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyError), to_log(settings):
        raise KeyError("x")
    print("still here")
    assert capfd.readouterr().out.endswith("still here\n")
