"""Airflow on this machine: api-server, scheduler and dag-processor, started and stopped together.

(Airflow's own `standalone` leaves its children behind when it is told to end.)
"""

import json
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from oic_assurance.errors import AssuranceError
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.platform.airflow.environment import airflow_environment, airflow_home
from oic_assurance.platform.one_at_a_time import holder_of, only_one
from oic_assurance.platform.sessions import (
    HOST,
    STOP_SECONDS,
    Sessions,
    chosen_port,
    signals_end_us,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import airflow_metadata_url
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.secrets import secret

DEFAULT_PORT = 8080
LOGIN = "assurance"
API_SERVER = "api-server"
WORKERS = ("scheduler", "dag-processor")
# Each task slot is a process of its own with dbt or Great Expectations in it.
PARALLELISM = 2
READY_SECONDS = 120.0
LOCK = "up"

Tell = Callable[[str], None]


def up(settings: Settings, tell: Tell) -> int:
    """Start everything, say where it is, and stop it all on Ctrl-C or `down`."""
    port = chosen_port("ASSURANCE_AIRFLOW_PORT", DEFAULT_PORT)
    airflow = Sessions(settings, "Airflow")
    with only_one(settings, LOCK), signals_end_us():
        prepare_warehouse(settings)
        environment = {**os.environ, **_environment(settings, port)}
        tell("Preparing Airflow's own database ...")
        airflow.finish("db", _airflow("db", "migrate"), environment)
        home = airflow_home(settings)
        try:
            # Tasks report to the api-server: one that starts before it answers fails.
            place = ["--host", HOST, "--port", str(port)]
            airflow.start(API_SERVER, _airflow(API_SERVER, *place), environment, home)
            airflow.wait_until(lambda: _answers(port), API_SERVER, READY_SECONDS)
            for name in WORKERS:
                airflow.start(name, _airflow(name), environment, home)
            tell(f"Airflow is at http://{HOST}:{port}")
            tell(f"Log in as {LOGIN} with the password {_password(settings)}")
            tell("Ctrl-C, or `make down` in another terminal, stops it all.")
            return airflow.watch()
        except KeyboardInterrupt:
            tell("Stopping ...")
            return 0
        finally:
            airflow.stop()


def down(settings: Settings) -> bool:
    """Ask the `up` of this home to end, and wait until it has; tell whether there was one."""
    pid = holder_of(settings, LOCK)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 2 * STOP_SECONDS
    while holder_of(settings, LOCK) == pid:
        if time.monotonic() > deadline:
            raise AssuranceError(f"`assurance up` (process {pid}) does not end.")
        time.sleep(0.1)
    return True


def _environment(settings: Settings, port: int) -> dict[str, str]:
    return {
        **airflow_environment(settings, airflow_metadata_url(settings)),
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secret(settings, "airflow_secret_key"),
        "AIRFLOW__API_AUTH__JWT_SECRET": secret(settings, "airflow_jwt_secret"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{LOGIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_password_file(settings)),
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
    }


def _password_file(settings: Settings) -> Path:
    """Return the file of Airflow's login, written for its owner alone at the first start."""
    path = private_folder(settings, settings.secrets_dir) / "airflow_login.json"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({LOGIN: secrets.token_urlsafe(12)}, file)
    return path


def _password(settings: Settings) -> str:
    return str(json.loads(_password_file(settings).read_text(encoding="utf-8"))[LOGIN])


def _airflow(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]


def _answers(port: int) -> bool:
    with socket.create_connection((HOST, port), timeout=1):
        return True
