"""Checks of the programs around the pipeline: running commands, notifications, and Airflow.

Airflow itself is asked in a process of its own (`inside_airflow.py`), because it reads its settings
only once, when it is imported, and the import takes seconds.
"""

import json
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.notifications.channels import configured
from oic_assurance.operations.doctor.checks import Finding
from oic_assurance.settings import Settings, of_the_deployment
from oic_assurance.warehouse.connections import airflow_metadata_url
from oic_assurance.warehouse.embedded import HOST
from oic_assurance.warehouse.process_lock import holder_of
from oic_assurance.warehouse.transport import METADATA

#: The commands of which one at a time runs in a state folder.
COMMANDS = ("run", "up", "superset")


def measure_notifications(settings: Settings) -> Iterator[Finding]:
    """Find whether somebody is told if a run makes no publication."""
    try:
        channels = configured()
    except UsageError as error:
        yield Finding("notifications", "failed", error.message, "docs/how-to/monitor.md")
        return
    if not channels:
        what = "nobody is told if no publication is made"
        yield Finding("notifications", "advice", what, "docs/how-to/monitor.md")
    for channel in channels:
        yield Finding("notifications", "ok", f"{channel.name} to {channel.to_whom}")


def measure_commands(settings: Settings) -> Iterator[Finding]:
    """Find which commands run in this state folder. A lock of an ended process does not count."""
    running = [(name, pid) for name in COMMANDS if (pid := holder_of(settings, name)) is not None]
    for name, pid in running:
        yield Finding("running commands", "ok", f"`assurance {name}` (process {pid})")
    if not running:
        yield Finding("running commands", "ok", "no command holds a lock")


# ---------------------------------------------------------------- Airflow

SECONDS, IMPORT_SECONDS = 5, 300
API_SERVER = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
AUTHORITY = "AIRFLOW__API__SSL_CA_FILE"
HEALTH = "/api/v2/monitor/health"
START = "`assurance up`"
INSIDE = Path(__file__).with_name("inside_airflow.py")


def measure_airflow(settings: Settings) -> Iterator[Finding]:
    """Find whether Airflow's database is migrated, its DAGs load and its processes are alive."""
    inside = _inside(settings)
    for path, error in sorted(inside["import_errors"].items()):
        yield Finding("DAGs", "failed", f"{path}: {error}", "correct the file")
    if not inside["import_errors"]:
        yield Finding("DAGs", "ok", f"{inside['dags']} load with Airflow {inside['version']}")
    yield from _database(inside)
    address = _address(settings)
    if address is None:
        yield Finding("processes", "ok", "no scheduler runs here: `assurance up` starts one")
        return
    try:
        health = _health(address)
    except (OSError, ValueError) as error:
        yield Finding("processes", "failed", f"the api-server does not answer: {error}", START)
        return
    for name, one in sorted(health.items()):
        yield _process(name, one or {})


def _database(inside: Mapping[str, Any]) -> Iterator[Finding]:
    if inside["database"] == "migrated":
        yield Finding("its database", "ok", "migrated")
    elif inside["database"] == "empty":
        yield Finding("its database", "ok", "empty: Airflow was not started here")
    elif inside["database"] == "unreachable":
        yield Finding("its database", "unknown", "does not answer", START)
    else:
        what = f"not as this version needs it: {inside['database']}"
        yield Finding("its database", "failed", what, "`airflow db migrate`")


def _inside(settings: Settings) -> Any:
    given = os.environ.get(METADATA)
    try:
        metadata = given or airflow_metadata_url(of_the_deployment(settings))
    except AssuranceError:
        metadata = "sqlite://"
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "DO_NOT_TRACK": "1",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            METADATA: metadata,
            "AIRFLOW_HOME": folder,
            "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project_root / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": folder,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        try:
            done = subprocess.run(
                # -P: Airflow must not import what has the name of a module of this folder.
                [sys.executable, "-P", str(INSIDE)],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=IMPORT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise AssuranceError(
                f"Airflow did not load its DAGs within {IMPORT_SECONDS} seconds."
            ) from error
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        lines = done.stderr.strip().splitlines()
        raise AssuranceError(f"Airflow cannot be asked: {lines[-1] if lines else '?'}") from error


def _address(settings: Settings) -> str | None:
    """Return the address of the api-server, or None if there is none."""
    given = os.environ.get(API_SERVER, "")
    if given:
        split = urlsplit(given)
        return f"{split.scheme}://{split.netloc}"
    if holder_of(of_the_deployment(settings), "up") is None:
        return None
    return f"http://{HOST}:{os.environ.get('ASSURANCE_AIRFLOW_PORT', '').strip() or 8080}"


def _health(address: str) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=os.environ.get(AUTHORITY) or None)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    with opener.open(f"{address}{HEALTH}", timeout=SECONDS) as answer:
        return dict(json.load(answer))


def _process(name: str, one: Mapping[str, Any]) -> Finding:
    status = one.get("status")
    seen = next((one[key] for key in one if key.startswith("latest_") and one[key]), None)
    when = f", last heard of at {seen[:19]} UTC" if seen else ""
    if status == "healthy":
        return Finding(name, "ok", f"alive{when}")
    return Finding(name, "failed", f"not alive ({status or 'never started'}){when}", START)
