"""Kill tasks and executor workers under the scheduler, while all other processes continue.

One run uses Airflow's scheduler with its LocalExecutor. Each kill is a kill point:

- Nearly every task is killed during its first try. Some are also killed during their second try.
- A few times, the worker process that watches a task is killed instead. Airflow then gets no more
  reports about the task.

All kill points of a run share one result: whether the state after the run is right.

Only tasks of the daily run are killed, and only workers that have such a task. A worker that waits
for a task holds the lock of the executor's queue: if it is killed, Airflow must be restarted,
whatever the product does.
"""

import contextlib
import math
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url
from tests.crash.harness import FAILURES, Harness
from tests.crash.world import environment
from tests.ports import free_port

TASK, WORKER = "task killed under the scheduler", "worker killed under the scheduler"
TITLE = "airflow worker -- "
DAILY = "assurance_daily"
PATIENCE = 900.0
#: Settings with which Airflow notices within seconds that a task's worker was killed. By default,
#: Airflow waits five minutes for a report from the task.
QUICK_TO_NOTICE = {
    "ASSURANCE_RETRY_SECONDS": "1",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "4",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "4",
}
WORKERS_KILLED = 3
#: The minimum number of kills. One run of the scheduler usually reaches it. If not, the scheduler
#: runs again.
AT_LEAST = 12
#: The approximate seconds that each long task takes, keyed by its name. Other tasks take a second
#: or two, mostly for imports.
SECONDS = {"build_marts": 15.0, "audit_marts": 8.0, "audit_landing": 8.0, "seal_marts": 8.0}
SHORT = 1.5


@dataclass
class _Task:
    """A task whose process was found. `at` is the time at which the process is to be killed."""

    name: str
    pid: int
    at: float
    #: Whether the task's worker is killed instead of the task.
    with_worker: bool = False
    killed: bool = False


def run_workers(harness: Harness, seed: int) -> list[dict[str, Any]]:
    """Run the scheduler, several times if needed, until it has been hit by `AT_LEAST` kills.

    Return a result for each kill.
    """
    results: list[dict[str, Any]] = []
    while len(results) < AT_LEAST:
        results += _run_once(harness, random.Random(f"{seed} workers {len(results)}"), seed)
    return results


def _run_once(harness: Harness, chance: random.Random, seed: int) -> list[dict[str, Any]]:
    """Run the scheduler in the second world and kill its tasks. Return a result for each kill.

    All results are the same, because only the state after the whole run can be checked.
    """
    settings = harness.settings
    harness.template.restore("second")
    began = time.monotonic()
    tasks: list[_Task] = []
    try:
        with _scheduler(settings):
            tasks += _kill_until_the_run_ends(settings, chance)
            wrong = _unfinished(settings)
        wrong += harness.judge_run_at(_as_at(settings))
    except FAILURES as error:
        wrong = [f"{type(error).__name__}: {error}"]
        tasks = tasks or [_Task("the run as a whole", 0, 0.0)] * AT_LEAST
    seconds = round((time.monotonic() - began) / max(1, len(tasks)), 2)
    return [
        {
            "point": {
                "seed": seed,
                "group": WORKER if task.with_worker else TASK,
                "edge": task.name,
            },
            "seconds": seconds,
            "interrupted": True,
            "converged": not wrong,
            "wrong": wrong,
            "unexpected": [],
        }
        for task in tasks
    ]


@contextlib.contextmanager
def _scheduler(settings: Settings) -> Iterator[None]:
    port = str(free_port())
    log = settings.home / "log" / "up.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "oic_assurance.cli", "up"],
            env={
                **environment(settings),
                "ASSURANCE_AIRFLOW_PORT": port,
                **QUICK_TO_NOTICE,
            },
            stdin=subprocess.DEVNULL, stdout=file, stderr=file,
        )  # fmt: skip
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def _kill_until_the_run_ends(settings: Settings, chance: random.Random) -> list[_Task]:
    """Kill tasks at random moments until the scheduled run has ended. Return the killed tasks."""
    seen: dict[str, _Task] = {}
    deadline = time.monotonic() + PATIENCE
    while not _has_ended(settings):
        if time.monotonic() > deadline:
            raise TimeoutError("the scheduled run does not end")
        for task_id, pid in _task_processes(settings):
            if task_id not in seen:
                dag, name, attempt = _task(settings, task_id)
                usual = SECONDS.get(name.partition("[")[0], SHORT)
                # The third try is never killed, because Airflow would not try again after it.
                is_spared = dag != DAILY or (attempt > 1 and (attempt > 2 or chance.random() > 0.2))
                task = _Task(
                    f"{name}, try {attempt}", pid, time.monotonic() + chance.uniform(0, usual)
                )
                task.at = math.inf if is_spared else task.at
                workers = sum(other.with_worker for other in seen.values())
                task.with_worker = (
                    not is_spared and workers < WORKERS_KILLED and chance.random() < 0.2
                )
                seen[task_id] = task
        for task in seen.values():
            if time.monotonic() >= task.at:
                task.killed = _kill(task)
                task.at = math.inf
        time.sleep(0.05)
    return [task for task in seen.values() if task.killed]


def _kill(task: _Task) -> bool:
    """Kill the process of a task, or its worker. Return false if the process has already ended."""
    if _attempt(task.pid) is None:
        return False
    victim = task.pid
    if task.with_worker:
        # In /proc/PID/stat the parent's id is the second field after the name in brackets.
        status = Path(f"/proc/{task.pid}/stat").read_text()
        victim = int(status.rpartition(")")[2].split()[1])
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)
        return True
    return False


def _task_processes(settings: Settings) -> Iterator[tuple[str, int]]:
    """Yield the attempt ID and process ID of every running task of this state folder."""
    for entry in Path("/proc").iterdir():
        attempt = _attempt(int(entry.name)) if entry.name.isdigit() else None
        if attempt is not None:
            with contextlib.suppress(OSError):
                opened = {str(link.readlink()) for link in (entry / "fd").iterdir()}
                if any(name.startswith(str(settings.home)) for name in opened):
                    yield attempt, int(entry.name)


def _attempt(pid: int) -> str | None:
    """Return the id of the task attempt in a process's title, or None if there is none."""
    name = _title(pid).removeprefix(TITLE)
    return name if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name) else None


def _title(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return text.replace(b"\0", b" ").decode(errors="replace").strip()


# -------------------------------------------------------------------- what Airflow has recorded


def _airflow(settings: Settings, query: str, *values: object) -> list[Any]:
    with psycopg.connect(admin_url(settings, "airflow")) as connection:
        return connection.execute(query.encode(), values).fetchall()


def _has_ended(settings: Settings) -> bool:
    """Return whether the daily run has ended, with success or failure."""
    try:
        rows = _airflow(settings, "select state from dag_run where dag_id = %s", DAILY)
    except Exception:
        return False
    return any(state in ("success", "failed") for (state,) in rows)


def _task(settings: Settings, task_id: str) -> tuple[str, str, int]:
    """Return the DAG, the name and the number of a task's attempt."""
    query = "select dag_id, task_id, map_index, try_number from task_instance where id::text = %s"
    rows = _airflow(settings, query, task_id)
    if not rows:
        return DAILY, "unknown", 1
    dag, name, map_index, attempt = rows[0]
    return dag, (name if map_index < 0 else f"{name}[{map_index}]"), attempt


def _as_at(settings: Settings) -> datetime:
    query = "select as_at from audit.run order by started_at desc limit 1"
    with psycopg.connect(admin_url(settings, "warehouse")) as connection:
        row = connection.execute(query).fetchone()
    if row is None:
        raise RuntimeError("audit.run has no run")
    as_at: datetime = row[0]
    return as_at


def _unfinished(settings: Settings) -> list[str]:
    """Return a line for each daily run, and task of it, that Airflow records as not successful.

    Skipped tasks count as successful.
    """
    runs = "select run_id, state from dag_run where dag_id = %s"
    tasks = "select task_id, state from task_instance where dag_id = %s"
    return [
        f"DAG run {run_id} is {state}"
        for run_id, state in _airflow(settings, runs, DAILY)
        if state != "success"
    ] + [
        f"task {task_id} is {state}"
        for task_id, state in _airflow(settings, tasks, DAILY)
        if state not in ("success", "skipped")
    ]
