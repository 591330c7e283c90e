"""Run the daily DAG once in this process, for `assurance run`.

Airflow is imported inside the functions, not at the top of the module. There are two reasons:

- Airflow's environment variables must be set before the import.
- The import takes seconds, and no other command needs Airflow.
"""

import errno
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

from oic_assurance.errors import AssuranceError
from oic_assurance.platform.airflow.environment import airflow_environment, airflow_home
from oic_assurance.platform.tasks import TaskEvent
from oic_assurance.settings import Settings

DAG_FILE = Path("dags") / "assurance_daily.py"
DAG_NAME = "assurance_daily"
# The delay before a task is retried. A person is waiting at a terminal, so it is one second and not
# minutes as under Airflow's scheduler.
RETRY_SECONDS = "1"
#: With less free space than this, SQLite cannot write a transaction.
LITTLE = 4_000_000


def run_daily(
    settings: Settings,
    as_at: datetime,
    report: Callable[[TaskEvent], None],
    *,
    make_current: bool = False,
) -> str:
    """Run the daily DAG as at a moment, and return the ID of the run.

    `report` is called whenever a task starts, succeeds or fails. With `make_current`, readers see
    the publication even if it is for an earlier moment than the current one.

    Raises:
        AssuranceError: Airflow cannot load the DAG, or cannot write its record of the run.
        KeyboardInterrupt: Ctrl-C or SIGTERM has ended the run.
    """
    _set_environment(settings)
    _ensure_metadata(settings)
    interruption = Interruption()
    listener = _listen(report, interruption)
    try:
        interruption.watch()
        from oic_assurance.platform.airflow.force_dags import dag_id

        dag = _load_dags(settings.project_root / DAG_FILE)[dag_id(DAG_NAME)]
        _merge_api_versions()
        # Airflow allows one run for each logical date. Without a logical date, any number of runs
        # can have the same as-at moment.
        with record_can_be_written(_database(settings)):
            conf = {"as_at": as_at.isoformat(), "make_current": make_current}
            run = dag.test(logical_date=None, run_conf=conf)
    finally:
        interruption.forget()
        _forget(listener)
    return str(run.run_id)


@contextmanager
def record_can_be_written(database: Path) -> Iterator[None]:
    """Report an error of Airflow's database in one line.

    Airflow writes to it between the tasks. If the disk is full, SQLite says so in words of its own
    or reports an error of the disk, and after that Airflow itself fails at objects that it could
    not store. The message has the operating system's words for it.

    Raises:
        AssuranceError: The database cannot be read or written.
    """
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        if shutil.disk_usage(database.parent).free < LITTLE:
            reason = os.strerror(errno.ENOSPC)
        elif isinstance(error, DBAPIError):
            reason = next(iter(str(error.orig).splitlines()), "").rstrip(".")
        else:
            raise
        raise AssuranceError(
            f"Airflow's record of the run in {database} cannot be written: {reason}."
        ) from error


def _set_environment(settings: Settings) -> None:
    os.environ.update(airflow_environment(settings, f"sqlite:///{_database(settings)}"))
    os.environ.setdefault("ASSURANCE_RETRY_SECONDS", RETRY_SECONDS)
    os.environ["ASSURANCE_NOBODY_CAN_ANSWER"] = "1"
    # With this setting, Python stores compiled modules on disk, so that the next run imports them
    # faster.
    sys.dont_write_bytecode = False


def _database(settings: Settings) -> Path:
    return airflow_home(settings) / "run.db"


def _ensure_metadata(settings: Settings) -> None:
    """Give the run an empty Airflow metadata database, in which all tables exist.

    A database that an earlier run has left is deleted first. Nothing in it is needed, because the
    warehouse contains the record of every run. Creating the tables takes seconds, so one empty
    database is stored for each Airflow version and copied for each run.
    """
    database = _database(settings)
    loaded = sys.modules.get("airflow.settings")
    if loaded is not None and not _is_of_another_force(loaded, database):
        return  # An earlier run of this process still has the database open.
    empty = database.with_name(f"empty-{version('apache-airflow-core')}.db")
    for left in database.parent.glob(f"{database.name}*"):
        left.unlink()
    if loaded is not None and not empty.exists():
        shutil.copyfile(_opened(loaded).with_name(empty.name), empty)
    if empty.exists():
        shutil.copyfile(empty, database)
    else:
        from airflow import settings as airflow_settings
        from airflow.utils.db import initdb

        initdb()
        airflow_settings.engine.dispose()
        draft = empty.with_suffix(".new")
        shutil.copyfile(database, draft)
        draft.replace(empty)
    if loaded is not None:
        loaded.configure_vars()
        loaded.reconfigure_orm()


def _opened(airflow_settings: Any) -> Path:
    """Return the file of the database that Airflow has opened in this process."""
    return Path(str(airflow_settings.SQL_ALCHEMY_CONN).removeprefix("sqlite:///"))


def _is_of_another_force(airflow_settings: Any, database: Path) -> bool:
    """Tell whether this process has made the run of another force before."""
    opened = _opened(airflow_settings)
    return opened.name == database.name and opened != database


def _load_dags(path: Path) -> dict[str, Any]:
    """Load the DAGs of a file by their IDs, as Airflow's dag processor does.

    Each run loads a new DAG object, because an object that has run once still has the configuration
    of that run.

    Raises:
        AssuranceError: Airflow cannot import the file.
    """
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(path)
    for error in bag.import_errors.values():
        reason = error.strip().splitlines()[-1]
        raise AssuranceError(f"Airflow cannot load {path}: {reason}")
    return dict(bag.dags)


def _merge_api_versions() -> None:
    """Merge the newest versions of Airflow's API for tasks into one (decision 0081).

    Airflow generates the API anew for each version that a client may speak, which takes two
    seconds. In this process, API and client are of the same Airflow, so only the newest is spoken.
    The oldest version stays, because Cadwyn wants a version that the changes lead from.
    """
    from airflow.api_fastapi.execution_api.versions import bundle
    from cadwyn import HeadVersion, Version, VersionBundle

    newest, *_, oldest = bundle.versions
    changes = [change for version in bundle.versions for change in version.changes]
    for change in changes:
        change._bound_version_bundle = None
    VersionBundle.__init__(bundle, HeadVersion(), Version(newest.value, *changes), oldest)


class Interruption:
    """Makes Ctrl-C and SIGTERM end the whole run instead of only the current task.

    Airflow treats a `KeyboardInterrupt` as a failure of the current task, and starts the next task.
    So `check` is called whenever a task fails or starts. If a signal has arrived, it raises
    `KeyboardInterrupt` again.
    """

    def __init__(self) -> None:
        self._has_come = False
        self._before: dict[signal.Signals, Any] = {}

    def watch(self) -> None:
        """Install handlers for SIGINT and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)

    def forget(self) -> None:
        """Restore the handlers that SIGINT and SIGTERM had before `watch`."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """End the run if a signal has arrived.

        Raises:
            KeyboardInterrupt: A signal has arrived.
        """
        if self._has_come:
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._has_come = True
        raise KeyboardInterrupt


def _listen(report: Callable[[TaskEvent], None], interruption: Interruption) -> Any:
    from airflow.listeners import hookimpl
    from airflow.sdk.listener import get_listener_manager
    from structlog.contextvars import bind_contextvars

    class Listener:
        """Calls `report` when a task starts, succeeds or fails, with the seconds that it took."""

        def __init__(self) -> None:
            self.began = time.monotonic()

        def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
            interruption.check()
            self.began = time.monotonic()
            # Under the scheduler, Airflow adds these names to the log lines of a task.
            bind_contextvars(
                dag_id=task_instance.dag_id,
                run_id=task_instance.run_id,
                task_id=task_instance.task_id,
            )
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
