"""Under Airflow, a missed deadline is told once, and a run that was ended is closed on record.

Every line of the logs says what it is about.
The checkout of this test has the daily DAG and the watch, so nothing but the watch and the run
itself can send a notification.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.end_to_end.airflow_server import Airflow, airflow, patiently
from tests.end_to_end.terminal import PROJECT, Terminal, new_terminal
from tests.unit.notifications.servers import MailServer

pytestmark = pytest.mark.slow

DAILY, WATCH = "assurance_daily", "assurance_watch"
COPIED = (
    "include", "dbt_project", "expectations", "dags/assurance_daily.py", "dags/assurance_watch.py",
    "pyproject.toml",
)  # fmt: skip
#: The promise is one minute after the start, so the last scheduled run has always missed it.
DEADLINE = "05:31"
#: The last publication is of this day, so the next one is overdue, whatever the clock says. Before
#: the first publication of all, the promise is for today.
PUBLISHED = "2026-06-02T05:30"
LATE = "The run has not finished by its deadline"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def deployment(mail: MailServer, tmp_path: Path) -> Iterator[Terminal]:
    """A deployment that has published once, and a force of one week."""
    for name in COPIED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copyfile
        copy(PROJECT / name, tmp_path / name)
    extra = {
        "AIRFLOW__LOGGING__JSON_LOGS": "True",
        "AIRFLOW_CONN_SMTP_DEFAULT": mail.uri,
        "ASSURANCE_METRICS_FILE": str(tmp_path / "assurance.prom"),
        "ASSURANCE_NOTIFY_EMAIL": "lead@example.org",
        "ASSURANCE_RUN_DEADLINE": DEADLINE,
    }
    with new_terminal(tmp_path) as quiet:
        # Nobody is told about the first publication.
        quiet.does("simulate", "--seed", "11", "--from", "2026-05-25", "--to", "2026-06-01")
        quiet.does("run", "--as-at", PUBLISHED)
        yield Terminal(quiet.home, tmp_path, extra)


def ask(terminal: Terminal, query: str) -> list[tuple[Any, ...]]:
    return terminal.ask(query, "warehouse")


def test_a_missed_deadline_is_told_once_and_the_logs_say_what_they_are_about(
    deployment: Terminal, mail: MailServer
) -> None:
    with airflow(deployment) as server:
        run = server.run_of(DAILY, "")
        the_deadline_is_told_while_the_run_is_under_way(server, deployment, mail, run)
        state = server.wait_for_end(DAILY, run)
        the_metrics_are_those_of_the_run(deployment)
        the_watch_closes_the_record_of_a_run_that_airflow_has_ended(server, deployment)
    assert state == "success"
    told = ask(
        deployment,
        "select event from audit.notification where kind = 'overdue' and event <> 'changed' "
        "order by notification_id",
    )
    assert told == [("new",), ("over",)]
    every_line_of_a_task_is_a_document(deployment, run)
    every_line_of_a_process_is_a_document(deployment)


def the_deadline_is_told_while_the_run_is_under_way(
    server: Airflow, terminal: Terminal, mail: MailServer, run: str
) -> None:
    for _ in patiently("nobody was told"):
        if mail.mails:
            break
    assert LATE in mail.mails[0].as_string()
    assert server.get(f"/dags/{DAILY}/dagRuns/{run}")["state"] == "running"
    # The watch can be sooner than the run's first task. That the run is under way now is then news.
    for _ in patiently("the run does not begin"):
        if ask(terminal, "select from audit.run where outcome = 'running'"):
            break
    terminal.does("notify")
    told = times_told(mail)
    # `assurance_watch` does the same as this command.
    terminal.does("notify")
    assert times_told(mail) == told


def the_watch_closes_the_record_of_a_run_that_airflow_has_ended(
    server: Airflow, terminal: Terminal
) -> None:
    run = server.trigger(DAILY, PUBLISHED)
    outcome = "select outcome from audit.run order by started_at desc limit 1"
    for _ in patiently("the run does not begin"):
        if ask(terminal, outcome) == [("running",)]:
            break
    ended = server.client.patch(f"/dags/{DAILY}/dagRuns/{quote(run)}", json={"state": "failed"})
    ended.raise_for_status()
    assert ask(terminal, outcome) == [("running",)]
    assert server.wait_for_end(WATCH, server.trigger(WATCH, "")) == "success"
    assert ask(terminal, outcome) == [("failed",)]


def times_told(mail: MailServer) -> int:
    return [LATE in one.as_string() for one in mail.mails].count(True)


def the_metrics_are_those_of_the_run(terminal: Terminal) -> None:
    text = Path(terminal.extra["ASSURANCE_METRICS_FILE"]).read_text(encoding="utf-8")
    assert 'assurance_run_outcome{outcome="published"} 1.0' in text
    assert 'assurance_run_stage_rows{stage="publish"}' in text


def every_line_of_a_task_is_a_document(terminal: Terminal, run: str) -> None:
    folder = terminal.home / "log" / "airflow" / f"dag_id={DAILY}" / f"run_id={run}"
    datasets = set()
    for file in folder.rglob("*.log"):
        task = file.parent.name if file.parent.name.startswith("map") else ""
        for line in documents(file):
            if line.get("logger", "").startswith("oic_assurance"):
                assert line["run_id"] == run, (task, line)
                assert line["dag_id"] == DAILY
                assert f"task_id={line['task_id']}" in str(file)
                if line["task_id"] == "extract":
                    datasets.add(line["dataset"])
                if line["task_id"] in ("build_marts", "publish"):
                    assert isinstance(line["build_id"], int)
    ((many,),) = ask(terminal, "select count(distinct dataset) from audit.extraction")
    assert len(datasets) == many


def every_line_of_a_process_is_a_document(terminal: Terminal) -> None:
    files = list((terminal.home / "log").glob("airflow-*.log"))
    assert len(files) == 5
    for file in files:
        for line in documents(file):
            assert line["level"], (file.name, line)


def documents(file: Path) -> list[dict[str, Any]]:
    """Return the lines of a log file. Each must be one JSON document with a time and an event."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            raise AssertionError(f"{file}: {line}") from None
        assert {"timestamp", "event"} <= set(document), (file, line)
        found.append(document)
    return found
