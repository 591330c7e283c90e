"""Airflow on this machine: api-server, scheduler and dag-processor, started and stopped together.

Each is a session of its own and is stopped by SIGINT. (Airflow's own `standalone` leaves its
children behind when it is told to end.)
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from oic_assurance.errors import AssuranceError, UsageError
from oic_assurance.orchestration.environment import airflow_environment, airflow_home
from oic_assurance.orchestration.lock import holder_of, only_one
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import airflow_metadata_url
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.secrets import secret

HOST = "127.0.0.1"
DEFAULT_PORT = 8080
LOGIN = "assurance"
API_SERVER = "api-server"
WORKERS = ("scheduler", "dag-processor")
# Each task slot is a process of its own with dbt or Great Expectations in it.
PARALLELISM = 2
READY_SECONDS = 120.0
STOP_SECONDS = 30.0
LOCK = "up"

Tell = Callable[[str], None]


def up(settings: Settings, tell: Tell) -> int:
    """Start everything, say where it is, and stop it all on Ctrl-C or `down`."""
    port = _port()
    with only_one(settings, LOCK), _signals_end_us():
        prepare_warehouse(settings)
        environment = {**os.environ, **_environment(settings, port)}
        tell("Preparing Airflow's own database ...")
        _migrate(settings, environment)
        started: dict[str, subprocess.Popen[bytes]] = {}
        try:
            # Tasks report to the api-server: one that starts before it answers fails.
            started[API_SERVER] = _launch(settings, API_SERVER, environment, port)
            _wait_until_ready(settings, started, port)
            for name in WORKERS:
                started[name] = _launch(settings, name, environment, port)
            tell(f"Airflow is at http://{HOST}:{port}")
            tell(f"Log in as {LOGIN} with the password {_password(settings)}")
            tell("Ctrl-C, or `make down` in another terminal, stops it all.")
            return _watch(settings, started)
        except KeyboardInterrupt:
            tell("Stopping ...")
            return 0
        finally:
            _stop(started)


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


def _port() -> int:
    given = os.environ.get("ASSURANCE_AIRFLOW_PORT", "").strip()
    if given and not (given.isdigit() and 0 < int(given) < 65536):
        raise UsageError(f"ASSURANCE_AIRFLOW_PORT: '{given}' is not a port number.")
    port = int(given or DEFAULT_PORT)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise AssuranceError(
                f"Port {port} on {HOST} is used by another program: "
                "set ASSURANCE_AIRFLOW_PORT to a free one."
            ) from error
    return port


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


def _log(settings: Settings, name: str) -> Path:
    return private_folder(settings, settings.log_dir) / f"airflow-{name}.log"


def _migrate(settings: Settings, environment: dict[str, str]) -> None:
    log = _log(settings, "db")
    with log.open("wb") as file:
        done = subprocess.run(
            _airflow("db", "migrate"), env=environment, stdin=subprocess.DEVNULL,
            stdout=file, stderr=file, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        raise AssuranceError(f"Airflow's own database cannot be migrated (see {log}).")


def _launch(
    settings: Settings, name: str, environment: dict[str, str], port: int
) -> subprocess.Popen[bytes]:
    arguments = ["--host", HOST, "--port", str(port)] if name == API_SERVER else []
    with _log(settings, name).open("ab") as file:
        return subprocess.Popen(
            _airflow(name, *arguments), env=environment, cwd=airflow_home(settings),
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
        )  # fmt: skip


def _wait_until_ready(
    settings: Settings, started: dict[str, subprocess.Popen[bytes]], port: int
) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        _check(settings, started)
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.5)
    raise AssuranceError(
        f"Airflow's api-server does not answer (see {_log(settings, API_SERVER)})."
    )


def _check(settings: Settings, started: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in started.items():
        if process.poll() is not None:
            raise AssuranceError(
                f"Airflow's {name} ended with code {process.returncode} "
                f"(see {_log(settings, name)}): all is stopped."
            )


def _watch(settings: Settings, started: dict[str, subprocess.Popen[bytes]]) -> int:
    while True:
        _check(settings, started)
        time.sleep(1)


def _stop(started: dict[str, subprocess.Popen[bytes]]) -> None:
    """End every session: by SIGINT as Airflow likes it, and by force what does not listen."""
    for request in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        for process in started.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, request)
        deadline = time.monotonic() + STOP_SECONDS
        while any(_alive(process) for process in started.values()):
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        else:
            return


def _alive(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether any process of a session is left, also when its leader has ended."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def _signals_end_us() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end us the way Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
