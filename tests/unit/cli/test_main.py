"""The command line when nothing is running: one clear line, the right exit code, no traceback."""

import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from oic_assurance.cli.demo import months_before
from oic_assurance.cli.main import COMMANDS, run_command


@pytest.fixture(autouse=True)
def new_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("ASSURANCE_HOME", str(home))
    return home


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["bogus"], 2, "No such command 'bogus'"),
        (["run", "--when", "now"], 2, "No such option '--when'"),
        (["run", "--as-at", "yesterday"], 2, "'yesterday' is not a moment"),
        (["run", "extra"], 2, "unexpected extra argument"),
        (["db", "url", "secret"], 2, "There is no database 'secret'"),
        (["db", "url"], 2, "Missing argument 'NAME'"),
        (["db", "url", "warehouse"], 1, "never started here"),
        (["status"], 1, "never started here"),
        (["publication", "list"], 1, "never started here"),
        (["quarantine", "list"], 1, "never started here"),
        (["explain", "hydra_completion"], 1, "never started here"),
        (["explain"], 2, "give a MEASURE or a --record"),
        (["explain", "hydra_completion", "--period", "2026-13"], 2, "'2026-13' is not a month"),
        (["explain", "--record", "referral"], 2, "Option '--record' requires 2 arguments"),
        (["quarantine", "list", "--limit", "0"], 2, "Invalid value for '--limit'"),
        (["quarantine", "list", "--limit", str(2**63)], 2, "Invalid value for '--limit'"),
        (["quarantine", "list", "--batch", str(2**63)], 2, "Invalid value for '--batch'"),
        (["batch", "verify", "--batch", str(2**63)], 2, "Invalid value for '--batch'"),
        (["explain", "hydra_completion", "--limit", str(2**63)], 2, "Invalid value for '--limit'"),
        (["erase", "hr/personnel", "\udcff", "--reason", "asked for"], 2, "is not text in UTF-8"),
        (["simulate", "--seed", "1", "--from", "2026-02-02", "--to", "2026-02-01"], 2, "before"),
        (["simulate", "--seed", "1", "--from", "02/02/2026", "--to", "2026-02-01"], 2, "--from"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.startswith("assurance: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["db"], ["sources"], ["publication"], ["quarantine"]])
def test_a_command_without_its_part_shows_what_there_is(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == 2
    assert "Commands:" in capsys.readouterr().err


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([name, "--help"]) == 0
    assert "Usage: assurance" in capsys.readouterr().out


def test_a_state_folder_that_is_a_file_is_one_line(
    new_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new_home.write_text("not a folder")
    assert run_command(["db", "start"]) == 1
    err = capsys.readouterr().err
    assert "is a file where a folder must be" in err
    assert err.count("\n") == 1


def test_a_bug_is_one_line_and_its_traceback_is_kept(
    new_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, "status", ("no_such_module:status", "Broken on purpose."))
    assert run_command(["status"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "ModuleNotFoundError" in err
    assert "Traceback" in (new_home / "log" / "assurance.log").read_text()


def test_stopping_what_does_not_run_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["db", "stop"]) == 0
    assert run_command(["down"]) == 0
    assert capsys.readouterr().err == ""


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from oic_assurance.cli.main import run_command\n"
        "run_command(['--help'])\n"
        "heavy = {'airflow', 'dbt', 'great_expectations', 'psycopg', 'pandas', 'rich'}\n"
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (date(2026, 11, 23), 18, date(2025, 5, 1)),
        (date(2026, 6, 30), 18, date(2024, 12, 1)),
        (date(2026, 1, 1), 1, date(2025, 12, 1)),
    ],
)
def test_history_begins_whole_months_back(day: date, months: int, first: date) -> None:
    assert months_before(day, months) == first
