"""Trim Airflow's own database: the runs, task instances and messages of months ago.

Airflow's command `airflow db clean` does the work, as a process of its own, because a task may not
reach Airflow's database. Nothing in the warehouse refers to these rows: `audit.run` is the record
of runs.

The command may run beside a running scheduler. It keeps the last scheduled run of each DAG, from
which the scheduler finds the next one, and it deletes only rows that began before the given moment:
no run of this project lives for as long as a week. The tables `dag` and `dag_version` are left
alone. They hardly grow, and deleting a DAG whose versions are still referred to makes the command
fail (Airflow 3.3, apache/airflow#71864).
"""

import os
import re
import subprocess
import sys
from datetime import timedelta

import psycopg

from oic_assurance import clock
from oic_assurance.errors import AssuranceError
from oic_assurance.forces.enter import first_force
from oic_assurance.operations.upkeep import Work
from oic_assurance.platform.airflow.environment import airflow_environment
from oic_assurance.settings import Settings, of_the_deployment
from oic_assurance.warehouse.airflow_uri import find_connection_uri
from oic_assurance.warehouse.connections import (
    airflow_metadata_url,
    reason,
    uses_embedded_server,
)
from oic_assurance.warehouse.rows import one_value, relation_exists

CONNECTION = "airflow_metadata"
VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
#: Other names under which Airflow looks for the database.
OTHER_NAMES = ("AIRFLOW__CORE__SQL_ALCHEMY_CONN", f"{VARIABLE}_ASYNC")
TABLES = (
    "asset_event", "callback", "celery_taskmeta", "celery_tasksetmeta", "dag_run", "deadline",
    "import_error", "job", "log", "revoked_token", "task_instance", "task_instance_history",
    "task_reschedule", "task_state_store", "trigger", "xcom",
)  # fmt: skip
_FOUND = re.compile(r"^Found (\d+) rows", re.MULTILINE)
_PATIENCE_SECONDS = 1800


def trim(settings: Settings, dry_run: bool) -> Work:
    """Delete what is older than `ASSURANCE_KEEP_AIRFLOW_DAYS`. With `dry_run`, only count it.

    Raises:
        AssuranceError: The command failed. The message is its last line.
    """
    first = first_force()
    if first not in (None, settings.force_code):
        return Work(note=f"Airflow's database is trimmed with the upkeep of the force {first}")
    url = metadata_url(of_the_deployment(settings))
    if url is None:
        return Work(note=f"AIRFLOW_CONN_{CONNECTION.upper()} is not set: nothing is trimmed")
    before = _size(url)
    if before is None:
        return Work(note="Airflow has made no tables yet")
    output = _clean(settings, url, dry_run=dry_run)
    rows = sum(int(number) for number in _FOUND.findall(output))
    return Work({"rows": rows}, before, _size(url))


def metadata_url(settings: Settings) -> str | None:
    """Return the SQLAlchemy URL of Airflow's database, or None if this process cannot know it.

    It is the connection `airflow_metadata` or, outside a task, Airflow's own setting or, with the
    embedded server, the database there.
    """
    given = find_connection_uri(CONNECTION)
    if given:
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", given)
    text = os.environ.get(VARIABLE, "").strip()
    if text.startswith("postgresql"):
        return text
    return airflow_metadata_url(settings) if uses_embedded_server() else None


def _clean(settings: Settings, url: str, *, dry_run: bool) -> str:
    keep = timedelta(days=settings.keep_airflow_days)
    command = [
        *(sys.executable, "-m", "airflow", "db", "clean"),
        *("--clean-before-timestamp", (clock.utc_now() - keep).isoformat()),
        *("--tables", ",".join(TABLES)),
        *("--skip-archive", "--error-on-cleanup-failure", "--yes"),
    ]
    kept = {name: text for name, text in os.environ.items() if name not in OTHER_NAMES}
    try:
        done = subprocess.run(
            [*command, "--dry-run"] if dry_run else command,
            env={**kept, **airflow_environment(settings, url)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise AssuranceError("Airflow's db clean does not end: it was stopped.") from None
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise AssuranceError(f"Airflow's db clean failed: {lines[-1] if lines else '?'}")
    return done.stdout


def _size(url: str) -> int | None:
    """Return the size of the database in bytes, or None if Airflow has no tables there.

    Raises:
        AssuranceError: The database cannot be reached.
    """
    try:
        with psycopg.connect(re.sub(r"^postgresql\+\w+://", "postgresql://", url)) as connection:
            if not relation_exists(connection, "public.dag_run"):
                return None
            size = one_value(connection, "select pg_database_size(current_database())")
            return int(size)
    except psycopg.Error as error:
        raise AssuranceError(f"Airflow's database cannot be reached: {reason(error)}.") from None
