"""Superset as docker-compose.yml runs it: its services' commands, with their environment.

What a container engine would give is put in place here: the paths of volumes, the names of
services, and the virtual environment of the image, for which `.venv-superset` stands in.
"""

import os
import re
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml
from psycopg import sql

from oic_assurance.platform.superset.server import ENVIRONMENT
from oic_assurance.settings import load_settings
from tests.end_to_end.terminal import Terminal
from tests.ports import free_port
from tests.tls import TlsServer, make_certificates

PROJECT = load_settings().project_root
SECONDS = 600.0
_VARIABLE = re.compile(r"\$\{(\w+)(?::[-?][^}]*)?\}")


class Service:
    """The services, in front of a force with a publication."""

    def __init__(self, force: Terminal, folder: Path, secrets: Mapping[str, str]) -> None:
        compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
        self._services = compose["services"]
        self._folder = folder
        self._secrets = secrets
        certificates = make_certificates(folder / "tls", "localhost", "superset,localhost")
        self.authority = certificates / "authority" / "ca.crt"
        self._tls = TlsServer(certificates / "localhost", httpx.URL(force.url("bi")).port or 5432)
        self._port = free_port()
        self.address = f"https://localhost:{self._port}"
        self._places = {
            "@postgres:5432": f"@localhost:{self._tls.port}",
            "/etc/oic/tls/ca.crt": str(self.authority),
            "/etc/oic/superset-tls": str(certificates),
            "0.0.0.0:8088": f"127.0.0.1:{self._port}",
            "/mnt/dashboards": str(folder),
        }

    @property
    def links(self) -> tuple[int, int]:
        """How many connections to PostgreSQL were encrypted, and how many were refused."""
        return self._tls.encrypted, self._tls.refused

    def prepare(self) -> None:
        """Run the services that make and import the dashboards, each to its end."""
        for name in ("superset-dashboards", "superset-init"):
            command, environment = self._service(name)
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False,
                cwd=self._folder,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

    @contextmanager
    def running(self) -> Iterator[httpx.Client]:
        """Run the service `superset`."""
        command, environment = self._service("superset")
        log = self._folder / "superset.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, cwd=self._folder
            )
        try:
            with self.client() as client:
                deadline = time.monotonic() + SECONDS
                while not _answers(client):
                    assert process.poll() is None, log.read_text(encoding="utf-8")[-4000:]
                    assert time.monotonic() < deadline, "Superset does not answer"
                    time.sleep(1)
                yield client
        finally:
            process.terminate()
            process.wait(timeout=120)
            self._tls.close()

    def client(self) -> httpx.Client:
        """Return a client that trusts only the deployment's authority."""
        trusted = ssl.create_default_context(cafile=str(self.authority))
        return httpx.Client(base_url=self.address, verify=trusted, timeout=120, trust_env=False)

    def _service(self, name: str) -> tuple[list[str], dict[str, str]]:
        service = self._services[name]
        command = [*service.get("entrypoint", ()), *service["command"]]
        home = self._folder / "home"
        home.mkdir(exist_ok=True)
        image = {
            "PATH": f"{PROJECT / ENVIRONMENT / 'bin'}:{PROJECT / '.venv/bin'}:{os.environ['PATH']}",
            "FLASK_APP": "superset.app:create_app()",
            "SUPERSET_CONFIG_PATH": str(PROJECT / "include/bi/superset/superset_config.py"),
            "SUPERSET_HOME": str(home),
            "HOME": str(home),
        }
        given = {key: self._filled(str(value)) for key, value in service["environment"].items()}
        return [self._filled(one) for one in command], {**image, **given}

    def _filled(self, text: str) -> str:
        text = _VARIABLE.sub(lambda found: self._secrets.get(found[1], ""), text)
        text = text.replace("$$", "$")
        for inside, outside in self._places.items():
            text = text.replace(inside, outside)
        return text


def create_database(administrator: str, password: str) -> None:
    """Create Superset's login and database, as deploy/passwords.sh does."""
    login = sql.SQL("create role superset login password {}").format(sql.Literal(password))
    with psycopg.connect(administrator, autocommit=True) as server:
        server.execute(login)
        server.execute("create database superset owner superset")
        server.execute("revoke all on database superset from public")


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").is_success
    except httpx.TransportError:
        return False


def shown(client: httpx.Client, path: str) -> Any:
    """Return the result of a request to Superset's REST API."""
    found = client.get(path)
    found.raise_for_status()
    return found.json()["result"]
