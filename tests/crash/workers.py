"""Workers killed: under the scheduler, the processes of tasks are killed while the rest goes on.

One run of Airflow's own scheduler with its LocalExecutor; nearly every task loses the process of
its first try, and some that of their second. Each such kill is a point, and all of them are judged
by what the run leaves.
"""

import contextlib
import os
import random
import signal
import socket
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
from tests.crash.harness import Harness
from tests.crash.world import environment

GROUP = "task's process killed under the scheduler"
TITLE = "airflow worker -- "
PATIENCE = 900.0
#: How long tasks work, about; all others take a second or two, most of it imports.
SECONDS = {"build_marts": 15.0, "audit_marts": 8.0, "audit_landing": 8.0, "seal_marts": 8.0}
SHORT = 2.5


@dataclass
class _Task:
    """A task whose process was seen, and when it is to be killed."""

    name: str
    pid: int
    at: float
    killed: bool = False


def run_workers(harness: Harness, seed: int) -> list[dict[str, Any]]:
    """Run the scheduler in the second world, kill tasks, and tell what came of each kill."""
    settings = harness.settings
    harness.template.restore("second")
    began = time.monotonic()
    with _scheduler(settings):
        tasks = _kill_until_the_run_ends(settings, random.Random(f"{seed} workers"))
    as_at = _as_at(settings)
    wrong = _unfinished(settings) + harness.judge_run_at(as_at)
    seconds = round((time.monotonic() - began) / max(1, len(tasks)), 2)
    return [
        {
            "point": {"seed": seed, "number": number, "group": GROUP, "edge": task.name},
            "seconds": seconds,
            "interrupted": True,
            "converged": not wrong,
            "wrong": wrong,
            "untold": [],
        }
        for number, task in enumerate(tasks)
    ]


@contextlib.contextmanager
def _scheduler(settings: Settings) -> Iterator[None]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    log = settings.home / "log" / "up.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "oic_assurance.cli", "up"],
            env={
                **environment(settings),
                "ASSURANCE_AIRFLOW_PORT": port,
                "ASSURANCE_RETRY_SECONDS": "1",
            },
            stdin=subprocess.DEVNULL, stdout=file, stderr=file,
        )  # fmt: skip
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def _kill_until_the_run_ends(settings: Settings, chance: random.Random) -> list[_Task]:
    """Kill tasks at moments of their own until the scheduled run has ended; return the killed."""
    seen: dict[str, _Task] = {}
    deadline = time.monotonic() + PATIENCE
    while not _has_ended(settings):
        if time.monotonic() > deadline:
            raise TimeoutError("the scheduled run does not end")
        for task_id, pid in _task_processes(settings):
            if task_id not in seen:
                name, attempt = _task(settings, task_id)
                usual = SECONDS.get(name.partition("[")[0], SHORT)
                # The last try is left alone: after that somebody has to look.
                spared = attempt > 1 and (attempt > 2 or chance.random() > 0.2)
                delay = 1e9 if spared else chance.uniform(0, usual)
                seen[task_id] = _Task(f"{name}, try {attempt}", pid, time.monotonic() + delay)
        for task in seen.values():
            if not task.killed and time.monotonic() >= task.at:
                task.killed = _kill(task.pid)
                task.at = 1e12
        time.sleep(0.05)
    return [task for task in seen.values() if task.killed]


def _kill(pid: int) -> bool:
    """Kill a task's process; false when it has ended by itself."""
    if not _title(pid).startswith(TITLE):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def _task_processes(settings: Settings) -> Iterator[tuple[str, int]]:
    """Return the processes of tasks at work in this state folder, by the id of the attempt."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            title = _title(int(entry.name))
            if title.startswith(TITLE):
                with contextlib.suppress(OSError):
                    opened = {str(link.readlink()) for link in (entry / "fd").iterdir()}
                    if any(name.startswith(str(settings.home)) for name in opened):
                        yield title.removeprefix(TITLE).strip(), int(entry.name)


def _title(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return text.replace(b"\0", b" ").decode(errors="replace").strip()


# -------------------------------------------------------------------- what Airflow has noted


def _airflow(settings: Settings, query: str, *values: object) -> list[Any]:
    with psycopg.connect(admin_url(settings, "airflow")) as connection:
        return connection.execute(query.encode(), values).fetchall()


def _has_ended(settings: Settings) -> bool:
    """Tell whether the scheduler has seen its first run to the end."""
    try:
        rows = _airflow(settings, "select state from dag_run")
    except Exception:
        return False
    return any(state in ("success", "failed") for (state,) in rows)


def _task(settings: Settings, task_id: str) -> tuple[str, int]:
    rows = _airflow(
        settings,
        "select task_id, map_index, try_number from task_instance where id::text = %s",
        task_id,
    )
    if not rows:
        return "unknown", 1
    name, map_index, attempt = rows[0]
    return (name if map_index < 0 else f"{name}[{map_index}]"), attempt


def _as_at(settings: Settings) -> datetime:
    query = "select as_at from audit.run order by started_at desc limit 1"
    with psycopg.connect(admin_url(settings, "warehouse")) as connection:
        row = connection.execute(query).fetchone()
    if row is None:
        raise RuntimeError("there was no run")
    as_at: datetime = row[0]
    return as_at


def _unfinished(settings: Settings) -> list[str]:
    """Return what Airflow still takes for running, and what of the run it takes for failed."""
    left = [
        f"DAG run {run_id} is {state}"
        for run_id, state in _airflow(settings, "select run_id, state from dag_run")
        if state != "success"
    ]
    return left + [
        f"task {task_id} is {state}"
        for task_id, state in _airflow(settings, "select task_id, state from task_instance")
        if state not in ("success", "skipped")
    ]
