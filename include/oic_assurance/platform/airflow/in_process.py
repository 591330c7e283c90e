"""The daily DAG once, in this process: the only part of the package that imports Airflow."""

import importlib.util
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from oic_assurance.platform.airflow.environment import airflow_environment, airflow_home
from oic_assurance.reporting.screens.tasks import TaskEvent
from oic_assurance.settings import Settings

DAG_FILE = Path("dags") / "assurance_daily.py"
DAG_NAME = "assurance_daily"
# Somebody waits at a terminal: two retries after a second or two, not after minutes.
RETRY_SECONDS = "1"


def run_daily(settings: Settings, as_at: datetime, report: Callable[[TaskEvent], None]) -> str:
    """Run the daily DAG for a moment, reporting each task, and return the run's id."""
    _set_environment(settings)
    _ensure_metadata(settings)
    interruption = Interruption()
    listener = _listen(report, interruption)
    try:
        interruption.watch()
        dag = _load(settings.project_root / DAG_FILE).assurance_daily()
        # No logical date: the same moment can be run any number of times.
        run = dag.test(logical_date=None, run_conf={"as_at": as_at.isoformat()})
    finally:
        interruption.forget()
        _forget(listener)
    return str(run.run_id)


def _set_environment(settings: Settings) -> None:
    os.environ.update(airflow_environment(settings, f"sqlite:///{_database(settings)}"))
    os.environ.setdefault("ASSURANCE_RETRY_SECONDS", RETRY_SECONDS)
    os.environ["ASSURANCE_NOBODY_CAN_ANSWER"] = "1"
    # What is imported once stays compiled, where the folder can be written to.
    sys.dont_write_bytecode = False


def _database(settings: Settings) -> Path:
    return airflow_home(settings) / "run.db"


def _ensure_metadata(settings: Settings) -> None:
    """Give the run an empty, migrated metadata database: nothing that a killed run left is in it.

    What is worth keeping of a run is in the warehouse. Making the tables takes seconds, so an empty
    database is kept for each version of Airflow, and copied.
    """
    if "airflow.settings" in sys.modules:
        return  # a later run of this process: the database is open
    database = _database(settings)
    empty = database.with_name(f"empty-{version('apache-airflow-core')}.db")
    for left in database.parent.glob(f"{database.name}*"):
        left.unlink()
    if empty.exists():
        shutil.copyfile(empty, database)
        return
    from airflow import settings as airflow_settings
    from airflow.utils.db import initdb

    initdb()
    airflow_settings.engine.dispose()
    draft = empty.with_suffix(".new")
    shutil.copyfile(database, draft)
    draft.replace(empty)


def _load(path: Path) -> ModuleType:
    """Import the DAG file anew: a DAG that ran before keeps that run's configuration."""
    spec = importlib.util.spec_from_file_location(DAG_NAME, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Interruption:
    """Ctrl-C, or a polite request to end: for the whole run, not for the task it happens to meet.

    Airflow takes it for a task that failed and goes on with the next, so it is raised once more
    where tasks report.
    """

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def watch(self) -> None:
        """Take the signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._ask)

    def forget(self) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """End the run, if that was asked for."""
        if self._asked:
            raise KeyboardInterrupt

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        raise KeyboardInterrupt


def _listen(report: Callable[[TaskEvent], None], interruption: Interruption) -> Any:
    from airflow.listeners import hookimpl
    from airflow.sdk.listener import get_listener_manager

    class Listener:
        """Passes on what the task runner tells, with the time that each task took."""

        def __init__(self) -> None:
            self.began = time.monotonic()

        def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
            interruption.check()
            self.began = time.monotonic()
            report(self._event(task_instance, "running"))

        def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
            report(self._event(task_instance, "success"))

        def on_task_instance_failed(
            self, previous_state: Any, task_instance: Any, error: Any
        ) -> None:
            interruption.check()
            state = str(getattr(task_instance.state, "value", task_instance.state))
            report(self._event(task_instance, state, " ".join(str(error).split())))

        def _event(self, ti: Any, state: str, error: str | None = None) -> TaskEvent:
            seconds = time.monotonic() - self.began
            return TaskEvent(ti.task_id, ti.rendered_map_index, state, seconds, error)

    for hook in ("running", "success", "failed"):
        hookimpl(getattr(Listener, f"on_task_instance_{hook}"))
    listener = Listener()
    get_listener_manager().add_listener(listener)
    return listener


def _forget(listener: Any) -> None:
    from airflow.sdk.listener import get_listener_manager

    get_listener_manager().pm.unregister(listener)
