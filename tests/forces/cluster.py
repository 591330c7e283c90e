"""Airflow with Celery, Redis and two workers, which share no folder, for several forces.

Each worker has a state folder of its own. What the workers share is named by URLs: the archive, the
reports and the dropzone are on an S3 server, the databases on servers, and the secrets are in
variables. One checkout stands for the image that all hosts have.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import fsspec
import httpx
import psycopg

from tests.end_to_end.airflow_server import Airflow, log_in
from tests.forces.deployment import Deployment
from tests.oracle.runner import ROOT
from tests.ports import free_port

#: The packages of a deployment's image, Celery among them (`make setup-deployment`).
IMAGE = ROOT / ".venv-deployment" / "bin"
BUCKET = "forces"
PATIENCE = 120.0
OK = 200
WORKERS = ("worker-1", "worker-2")


@dataclass
class Cluster:
    """The processes of a deployment on many hosts, each of which can be killed and restarted."""

    deployment: Deployment
    redis_port: int = field(default_factory=free_port)
    api_port: int = field(default_factory=free_port)
    s3_port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    #: How each process was started, so that it can be started again.
    _started: dict[str, tuple[list[str], Mapping[str, str]]] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Start a process that leads a session of its own, with a log beside the others."""
        self._started[name] = command, environment
        log = self.deployment.home / f"{name}.log"
        with log.open("ab") as file:
            self.processes[name] = subprocess.Popen(
                command, env=dict(environment), stdout=file, stderr=file,
                stdin=subprocess.DEVNULL, start_new_session=True, cwd=self.deployment.home,
            )  # fmt: skip

    def restart_ended(self) -> None:
        """Start each process again that has ended by itself, as compose and Kubernetes do."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None and self.processes.get(name) is process:
                self.start(name, *self._started[name])

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill a process together with the processes that it has started."""
        process = self.processes.pop(name)
        for pid in [*_descendants(process.pid), process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        process.wait(60)

    def has_started(self, name: str, pid: int) -> bool:
        """Tell whether a process was started by one of the cluster's, or by one that it started."""
        return pid in _descendants(self.processes[name].pid)

    def start_redis(self) -> None:
        data = self.deployment.home / "redis"
        data.mkdir(exist_ok=True)
        program = shutil.which("redis-server")
        assert program, "redis-server is not installed: `make test-all` does it"
        self.start(
            "redis",
            [program, "--port", str(self.redis_port), "--dir", str(data), "--appendonly", "yes"],
            os.environ,
        )

    @property
    def _s3_clock(self) -> Path:
        """The file with the time that an upload gets."""
        return self.deployment.home / "s3-clock"

    def start_s3(self) -> None:
        program = Path(__file__).with_name("s3_server.py")
        command = [sys.executable, str(program), str(self.s3_port), str(self._s3_clock)]
        self.start("s3", command, os.environ)
        address = f"http://127.0.0.1:{self.s3_port}"
        _until(lambda: urllib.request.urlopen(address, timeout=1).status == OK)

    def start_worker(self, name: str) -> None:
        host = f"{name}@{socket.gethostname()}"
        command = [str(IMAGE / "airflow"), "celery", "worker", "--celery-hostname", host]
        self.start(name, [*command, "--skip-serve-logs"], self.environment(name))

    def start_airflow(self) -> None:
        """Make Airflow's database, and start its processes of the first host."""
        environment = self.environment("first")
        airflow = str(IMAGE / "airflow")
        with (self.deployment.home / "migrate.log").open("wb") as log:
            migrate = [airflow, "db", "migrate"]
            subprocess.run(migrate, env=environment, stdout=log, stderr=log, check=True)
        place = ["--host", "127.0.0.1", "--port", str(self.api_port)]
        self.start("api-server", [airflow, "api-server", *place], environment)
        _until(lambda: _answers(self.api_port))
        for name in ("scheduler", "dag-processor", "triggerer"):
            self.start(name, [airflow, name], environment)

    def environment(self, host: str) -> dict[str, str]:
        """Return the environment variables of a host. Its state folder is its own."""
        home = self.deployment.home / host
        home.mkdir(mode=0o700, exist_ok=True)
        if not self._keys:
            self._keys = self._variables_of_the_forces() | {
                "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
                "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            }
        redis = f"redis://127.0.0.1:{self.redis_port}"
        passwords = self.deployment.home / "airflow_login.json"
        return {
            **self._plain(),
            **self._keys,
            **self.s3_variables(),
            "PATH": f"{IMAGE}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "include"), str(ROOT)]),
            "ASSURANCE_HOME": str(home),
            "ASSURANCE_FORCES": str(self.deployment.commands.state / "forces.yml"),
            "ASSURANCE_NEW_SECRETS": "no",
            "ASSURANCE_ARCHIVE_URL": f"s3://{BUCKET}/archive",
            "ASSURANCE_REPORTS_URL": f"s3://{BUCKET}/shared",
            "ASSURANCE_DROPZONE": f"s3://{BUCKET}/dropzone",
            # A quarter of the default. With two retries, a task waits for a server for 90 seconds.
            "ASSURANCE_RETRY_SECONDS": "30",
            "AIRFLOW_HOME": str(home / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            # The test starts each run. A scheduled one would publish the figures of today.
            "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": (
                f"http://127.0.0.1:{self.api_port}/execution/"
            ),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "operator:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{self.api_port}",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self._metadata(),
            "AIRFLOW__CELERY__BROKER_URL": f"{redis}/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"{redis}/1",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
            # A lost worker is noticed sooner than in a deployment, so that the test ends sooner.
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60",
            "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "DO_NOT_TRACK": "1",
        }

    def s3_variables(self) -> dict[str, str]:
        """Return the variables with which an S3 client finds the server."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.s3_port}",
            "AWS_ACCESS_KEY_ID": "clerk",
            "AWS_SECRET_ACCESS_KEY": "sw0rdfish",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def upload_dropzones(self) -> None:
        """Put the dropped files of each force on S3, as its sources would."""
        files = fsspec.filesystem(
            "s3", key="clerk", secret="sw0rdfish", skip_instance_cache=True,
            client_kwargs={"endpoint_url": f"http://127.0.0.1:{self.s3_port}"},
        )  # fmt: skip
        if not files.exists(BUCKET):
            files.mkdir(BUCKET)
            for place in ("archive", "shared"):
                files.touch(f"{BUCKET}/{place}/.keep")
        for code, force in self.deployment.forces.items():
            for path in filter(Path.is_file, sorted(force.dropzone.rglob("*"))):
                self._s3_clock.write_text(str(path.stat().st_mtime), encoding="utf-8")
                name = path.relative_to(force.dropzone).as_posix()
                files.put_file(str(path), f"{BUCKET}/dropzone/{code}/{name}")
        self._s3_clock.unlink()

    @contextmanager
    def operator(self) -> Iterator[Airflow]:
        """Yield a client of Airflow's pages."""
        passwords = self.deployment.home / "airflow_login.json"
        _until(passwords.exists)
        (login,) = json.loads(passwords.read_text()).items()
        with httpx.Client(base_url=f"http://127.0.0.1:{self.api_port}", timeout=60) as client:
            log_in(client, *login)
            yield Airflow(client, patience=1800)

    def stop(self) -> None:
        """Stop all processes."""
        for name in list(self.processes):
            self.kill(name)

    def _plain(self) -> dict[str, str]:
        own = ("AIRFLOW_", "ASSURANCE_", "DBT_", "PG", "AWS_", "PYTHON")
        return {name: value for name, value in os.environ.items() if not name.startswith(own)}

    def _variables_of_the_forces(self) -> dict[str, str]:
        """Return each force's connections and secrets, as a deployment gives them to its hosts."""
        found = {}
        for code, force in self.deployment.forces.items():
            for name in ("warehouse", "rms", "intelligence"):
                found[f"AIRFLOW_CONN_{code}_{name.upper()}"] = force.url(name)
            for path in (self.deployment.commands.state / "forces" / code / "secrets").iterdir():
                if path.is_file() and path.suffix == "":
                    value = path.read_text(encoding="utf-8").strip()
                    found[f"ASSURANCE_{code}_{path.name.upper()}"] = value
            # A host of a deployment makes no secrets. These would be made by the first run.
            for name in ("PSEUDONYM_KEY", "ERASURE_KEY", "PROCESSING_LOG_KEY"):
                found.setdefault(f"ASSURANCE_{code}_{name}", secrets.token_hex(32))
        return found

    def _metadata(self) -> str:
        """Return the address of Airflow's database, on the server of the first force."""
        first = next(iter(self.deployment.forces.values()))
        with psycopg.connect(first.url("admin"), autocommit=True) as administrator:
            names = administrator.execute("select datname from pg_database").fetchall()
            if ("airflow_of_all",) not in names:
                administrator.execute("create database airflow_of_all")
        parts = psycopg.conninfo.conninfo_to_dict(first.url("admin"))
        login = f"{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}"
        return f"postgresql+psycopg2://{login}/airflow_of_all"


@contextmanager
def running(deployment: Deployment) -> Iterator[Cluster]:
    """Start everything, start again what ends by itself, and stop it all after the block."""
    cluster = Cluster(deployment)
    stopping = threading.Event()
    with ExitStack() as stack:
        stack.callback(cluster.stop)
        cluster.start_s3()
        cluster.start_redis()
        cluster.upload_dropzones()
        cluster.start_airflow()
        for name in WORKERS:
            cluster.start_worker(name)
        watch = threading.Thread(target=_keep_alive, args=(cluster, stopping))
        watch.start()
        stack.callback(watch.join)
        stack.callback(stopping.set)
        yield cluster


def _keep_alive(cluster: Cluster, stopping: threading.Event) -> None:
    while not stopping.wait(1):
        cluster.restart_ended()


def _answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 1):
        return True


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with suppress(OSError):
            if holds():
                return
        if time.monotonic() > deadline:
            raise TimeoutError("it does not start")
        time.sleep(0.2)


def _descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, also those in sessions of their own."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [one for child in map(int, children) for one in (*_descendants(child), child)]
