"""Run Airflow on this machine: api-server, scheduler, dag-processor and triggerer.

The four processes stop together. Airflow's own command `standalone` is not used, because it does
not stop its child processes when it ends.
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
from oic_assurance.forces.declared import declared_forces
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.platform.airflow.environment import airflow_environment, airflow_home
from oic_assurance.platform.airflow.pools import pools_of
from oic_assurance.platform.processes import (
    HOST,
    STOP_SECONDS,
    Processes,
    choose_port,
    end_on_signals,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.connections import airflow_metadata_url
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.process_lock import holder_of, only_one
from oic_assurance.warehouse.secrets import secret

DEFAULT_PORT = 8080
LOGIN = "assurance"
#: A deployment sets this variable if people log in with their own accounts.
AUTH_MANAGER = "AIRFLOW__CORE__AUTH_MANAGER"
API_SERVER = "api-server"
#: The processes that start after the api-server, each with its options. Nothing serves logs by
#: HTTP: it would listen at every address of this machine, and the api-server reads the files.
NO_LOGS = ("--skip-serve-logs",)
WORKERS = {"scheduler": NO_LOGS, "dag-processor": (), "triggerer": NO_LOGS}
# How many tasks run at the same time. Each task is a process that may load dbt or Great
# Expectations, which need much memory.
PARALLELISM = 2
#: The executor, by name: it is imported by Airflow's scheduler only.
EXECUTOR = "oic_assurance.platform.airflow.executor.PreparedLocalExecutor"
READY_SECONDS = 120.0
LOCK = "up"

Tell = Callable[[str], None]


def up(settings: Settings, tell: Tell) -> int:
    """Start Airflow, show its address and login, and stop it on Ctrl-C or when `down` is called.

    `tell` shows a line to the user. Returns the exit code of the command.

    Raises:
        UsageError: ASSURANCE_AIRFLOW_PORT is not a port number.
        AssuranceError: Airflow is already running for this state folder, the port is in use, or one
            of Airflow's processes has ended.
    """
    airflow = Processes(settings, "Airflow")
    with only_one(settings, LOCK), end_on_signals():
        # Under the lock, so that who starts it twice is not told to choose another port.
        port = choose_port("ASSURANCE_AIRFLOW_PORT", DEFAULT_PORT)
        forces = declared_forces()
        if forces is None:
            prepare_warehouse(settings)
        else:
            # Each force's own run prepares its warehouse. Here is only Airflow's own database.
            embedded.start(settings)
        environment = {**os.environ, **_environment(settings, port)}
        # Airflow's programs run in the same folder as this one: settings may be relative paths, and
        # mean the same for a task as for a command.
        here = Path.cwd()
        tell("Preparing Airflow's own database ...")
        airflow.finish("db", _airflow("db", "migrate"), environment)
        if forces is not None and forces.servers:
            pools = airflow_home(settings) / "pools.json"
            pools.write_text(json.dumps(pools_of(forces)), encoding="utf-8")
            airflow.finish("pools", _airflow("pools", "import", str(pools)), environment)
        try:
            # Tasks report to the api-server. A task that starts before the api-server answers would
            # fail. So the scheduler and the dag-processor are started after the api-server answers.
            place = ["--host", HOST, "--port", str(port)]
            airflow.start(API_SERVER, _airflow(API_SERVER, *place), environment, here)
            airflow.wait_until(lambda: _answers(port), API_SERVER, READY_SECONDS)
            for name, options in WORKERS.items():
                airflow.start(name, _airflow(name, *options), environment, here)
            tell(f"Airflow is at http://{HOST}:{port}")
            if os.environ.get(AUTH_MANAGER):
                tell("Log in with your own account.")
            else:
                tell(f"Log in as {LOGIN} with the password {_password(settings)}")
            tell("Ctrl-C, or `make down` in another terminal, stops it all.")
            return airflow.watch()
        except KeyboardInterrupt:
            tell("Stopping ...")
            return 0
        finally:
            airflow.stop()


def down(settings: Settings) -> bool:
    """Stop the command `assurance up` of this state folder, and wait until it has ended.

    Returns False if no `assurance up` was running.

    Raises:
        AssuranceError: The process does not end.
    """
    pid = holder_of(settings, LOCK)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 2 * STOP_SECONDS
    while holder_of(settings, LOCK) == pid:
        if time.monotonic() > deadline:
            raise AssuranceError(f"`assurance up` (process {pid}) does not end: kill it.")
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
        "AIRFLOW__CORE__EXECUTOR": EXECUTOR,
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{LOGIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(_password_file(settings)),
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
        # Each look for work takes 45 milliseconds of processor time, and is taken all day.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "3",
    }


def _password_file(settings: Settings) -> Path:
    """Return the file with the login for Airflow's pages.

    The first start creates the file with a random password, readable by its owner only.
    """
    path = private_folder(settings, settings.secrets_dir) / "airflow_login.json"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({LOGIN: secrets.token_urlsafe(12)}, file)
    return path


def _password(settings: Settings) -> str:
    return str(json.loads(_password_file(settings).read_text(encoding="utf-8"))[LOGIN])


def _airflow(*arguments: str) -> list[str]:
    # With -P, Python imports nothing from the folder in which it runs.
    return [sys.executable, "-P", "-m", "airflow", *arguments]


def _answers(port: int) -> bool:
    with socket.create_connection((HOST, port), timeout=1):
        return True
