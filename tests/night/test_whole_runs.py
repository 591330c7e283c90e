"""Whole runs that fail: what the terminal shows leads to a row, and the row's command explains it.

Each kind of fault of the crash harness is made once, and the error of a damaged model and of a
failed check.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from oic_assurance.platform.tasks import LABELS
from tests.crash.faults import Kind
from tests.end_to_end.terminal import PROJECT, Terminal, published_force
from tests.night.page import Row, Seen, command_of, look_up

pytestmark = pytest.mark.slow
AS_AT = ("run", "--as-at", "2026-04-22T05:30")
DBT = Path("dbt_project")
#: For each fault of the crash harness: the test that makes it here or among the quick plays.
FAULTS: dict[str, str] = {
    "process killed": "test_a_run_that_is_killed_is_followed_by_one_that_publishes",
    "server killed": "test_a_server_that_is_killed_during_a_run",
    "server stopped at once": "test_a_server_that_is_killed_during_a_run",
    "source session cut": "test_a_source_that_does_not_answer_and_a_dataset_that_failed",
    "warehouse session cut": "test_a_database_that_fails_during_a_stage",
}


@pytest.fixture(scope="module")
def force() -> Iterator[Terminal]:
    """A force with a publication. Each test runs the next day."""
    with published_force("2026-04-01") as terminal:
        yield terminal


def test_every_fault_of_the_crash_harness_is_played() -> None:
    assert set(FAULTS) == set(get_args(Kind))
    texts = [path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    for test in FAULTS.values():
        assert any(f"def {test}(" in text for text in texts), test


def seen(done: subprocess.CompletedProcess[str]) -> Seen:
    """Return what the terminal shows of a failed run: the first red task, and the error."""
    assert done.returncode != 0, done.stdout
    labels = {label: task for task, label in LABELS.items()}
    failed = re.findall(r"^FAILED (.+?)  +[0-9.]+ s", done.stdout, re.MULTILINE)
    names = [labels[label.strip()] for label in failed if label.strip() in labels]
    return Seen(" ".join(done.stderr.split()), frozenset(names[:1]))


def follow(row: Row, terminal: Terminal) -> str:
    """Run the command of a row as it stands there."""
    program, *arguments = command_of(row)
    assert program == "assurance"
    done = terminal.assurance(*arguments)
    assert "unexpected" not in done.stderr
    return " ".join((done.stdout + done.stderr).split())


def damaged(terminal: Terminal, folder: Path, path: str, old: str, new: str) -> Terminal:
    """Return a terminal whose checkout has one changed file in its dbt project."""
    for name in ("include", "expectations", "dags", "dbt_project", "docs", "deploy"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("target"))
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(PROJECT / name, folder / name)
    file = folder / DBT / path
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    return Terminal(terminal.home, project=folder)


def test_a_model_that_cannot_be_built(force: Terminal, tmp_path: Path) -> None:
    found = next((PROJECT / DBT / "models").rglob("dim_date.sql"))
    path = str(found.relative_to(PROJECT / DBT))
    text = found.read_text(encoding="utf-8")
    # A word alone at the end of a query would only be another name for its table.
    broken = damaged(force, tmp_path / "project", path, text, f"{text}\nselect heron")
    row = look_up(seen(broken.assurance(*AS_AT)))
    assert row.symptom.startswith("task `build_marts` is red")
    assert "building the marts" in follow(row, force)


def test_a_check_that_fails(force: Terminal, tmp_path: Path) -> None:
    # The policy's hours are added as days, so every document was in time.
    limit = '{{ dbt.dateadd("%s", "timely.value", "referral.contacted_at") }}'
    path = "models/intermediate/nccu/int_nccu_referral.sql"
    wrong = damaged(force, tmp_path / "project", path, limit % "hour", limit % "day")
    row = look_up(seen(wrong.assurance(*AS_AT)))
    assert row.symptom.startswith("task `audit_landing` is red")
    assert re.search(r"critical +\S+\.fct_nccu_referral\b", follow(row, force))


def test_a_server_that_is_killed_during_a_run(force: Terminal) -> None:
    run = force.begin(*AS_AT)
    wait_for(lambda: "close_landing" in (force.home / "log/timings.tsv").read_text()[-200:])
    pid = int((force.home / "postgres/data/postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    shown, _ = run.communicate(timeout=600)
    if run.returncode == 0:
        # Airflow has tried the stage again, and the next attempt has started the server.
        return
    row = look_up(Seen(" ".join(shown.split())))
    assert command_of(row) in (["assurance", "db", "start"], ["assurance", "doctor"])
    assert "FAILED warehouse" in follow(row, force) or "is ready" in follow(row, force)


def test_a_run_that_is_killed_is_followed_by_one_that_publishes(force: Terminal) -> None:
    run = force.begin(*AS_AT)
    time.sleep(20)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    row = look_up(Seen("interrupted before its end"))
    assert command_of(row) == ["assurance", "run"]
    force.does(*AS_AT)
    assert "published" in force.assurance("status").stdout


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + 900
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
