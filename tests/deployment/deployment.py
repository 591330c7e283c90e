"""A deployment from nothing to its daily runs: settings, sources, hosts, accounts."""

import secrets
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
from cryptography.fernet import Fernet

from tests.deployment.description import ROOT, describe, write_settings
from tests.deployment.host import PATIENCE, Host
from tests.deployment.images import ENVIRONMENT, Image, own
from tests.deployment.network import Network
from tests.end_to_end.airflow_server import Airflow, log_in
from tests.tls import make_certificates

PEOPLE = {"operator": "Assurance operator", "approver": "Assurance approver", "chief": "Admin"}
SEED, DAYS = 20260430, 45
_SOURCES = {
    "read_only": True,
    "image": "postgres:17", "user": "999:999", "shm_size": 256 * 1024 * 1024,
    "tmpfs": ["/tmp:mode=1777", "/var/run/postgresql:uid=999,gid=999,mode=0770"],
    "stop_signal": "SIGINT", "stop_grace_period": "1m",
    "deploy": {"resources": {"limits": {"memory": 2**31, "pids": 200}}},
    "healthcheck": {"test": ["CMD-SHELL", "pg_isready --username postgres"]},
}  # fmt: skip


class Deployment:
    """The hosts of one deployment, and the machine of its source systems."""

    def __init__(self, folder: Path, images: Mapping[str, Image]) -> None:
        self.folder, self.network, self.images = folder, Network(), images
        self.password = secrets.token_hex(16)
        self.hosts: list[Host] = []
        self._sources_password = secrets.token_hex(16)
        self.settings = self._make_settings()

    def add_host(
        self, name: str, profile: str, settings: Mapping[str, str], volumes_of: Host | None = None
    ) -> Host:
        """Add a host that runs the services of a profile, or give a host another profile."""
        folder = self.folder / name
        folder.mkdir(mode=0o711)
        file = write_settings(folder / ".env", {**self.settings, **settings})
        commands = describe(file, "people")["services"]
        host = Host(
            folder, self.network, self.images, describe(file, profile), volumes_of, commands
        )
        self.hosts.append(host)
        return host

    def change(self, host: Host, profile: str, settings: Mapping[str, str]) -> None:
        """Change settings in the file .env of a host, and start it again as people do."""
        self.settings.update(settings)
        file = write_settings(host.folder / ".env", self.settings)
        host.change(describe(file, profile), describe(file, "people")["services"])

    def start_sources(self) -> None:
        """Start the machine of the source systems, whose certificates have their own authority."""
        tls = make_certificates(self.folder / "sources-tls", "sources.example")
        for path in (tls / "sources.example").iterdir():
            path.chmod(0o600)
        subprocess.run(["chown", "-R", "999:999", str(tls / "sources.example")], check=True)
        authorities = self.folder / "source-authorities"
        authorities.mkdir()
        (authorities / "ca.crt").write_bytes((tls / "authority" / "ca.crt").read_bytes())
        command = ["postgres"]
        for setting in (
            "ssl=on", "ssl_cert_file=/tls/server.crt", "ssl_key_file=/tls/server.key",
            "hba_file=/etc/oic/pg_hba.conf",
        ):  # fmt: skip
            command += ["-c", setting]
        service = {
            **_SOURCES,
            "command": command,
            "environment": {
                "POSTGRES_PASSWORD": self._sources_password,
                "SOURCES_PASSWORD": self._sources_password,
            },
            "volumes": [
                _bound("/tls", tls / "sources.example"),
                _bound("/etc/oic/pg_hba.conf", ROOT / "deploy" / "pg_hba.conf"),
                _bound("/docker-entrypoint-initdb.d", Path(__file__).parent / "sources"),
                {"type": "volume", "source": "data", "target": "/var/lib/postgresql/data"},
            ],
        }
        host = Host(
            self.folder / "outside", self.network, self.images, {"services": {"sources": service}}
        )
        self.hosts.insert(0, host)
        host.up()
        host.wait_until_healthy()
        address = host.containers["sources"].place.address
        self.network.names.append(("sources.example", address))

    def fill_sources(self, host: Host) -> None:
        """Fill the sources with a synthetic force up to yesterday, as their owner."""
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        start = yesterday - timedelta(days=DAYS)
        owner = {
            f"AIRFLOW_CONN_{system.upper()}": self._source(system, "source_owner")
            for system in ("rms", "intelligence")
        }
        program = f"assurance simulate --seed {SEED} --from {start} --to {yesterday}"
        code, log = host.run("init", program, env=owner)
        assert code == 0, log

    def add_people(self, host: Host) -> None:
        """Give people accounts in Airflow, as an administrator does on the server."""
        for name, role in PEOPLE.items():
            done = host.containers["api-server"].run(
                "airflow", "users", "create", "--username", name, "--role", role,
                "--password", self.password, "--firstname", name, "--lastname", "Test",
                "--email", f"{name}@example.org",
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr

    @contextmanager
    def as_person(self, host: Host, name: str) -> Iterator[Airflow]:
        """Log in to Airflow's REST API through the port that the first host publishes."""
        trusted = ssl.create_default_context(cafile=str(host.volume("clients") / "ca.crt"))
        base = f"https://{self.network.address}:8080"
        with httpx.Client(base_url=base, timeout=120, verify=trusted) as client:
            client.event_hooks["request"] = [
                lambda request: request.extensions.update(sni_hostname="api-server")
            ]
            log_in(client, name, self.password)
            yield Airflow(client, PATIENCE)

    def connect(
        self, host: Host, login: str, database: str, *, autocommit: bool = False, **more: str
    ) -> psycopg.Connection:
        """Connect to the warehouse's server through its published port, as a BI tool does."""
        password = {
            "bi_reader": self.settings["ASSURANCE_BI_READER_PASSWORD"],
            "warehouse_owner": self.settings["WAREHOUSE_DB_PASSWORD"],
            "postgres": self.settings["POSTGRES_PASSWORD"],
        }[login]
        parts = {
            "host": "postgres", "hostaddr": self.network.address, "port": "5432",
            "user": login, "password": password, "dbname": database, "sslmode": "verify-full",
            "sslrootcert": str(host.volume("clients") / "ca.crt"), **more,
        }  # fmt: skip
        return psycopg.connect(autocommit=autocommit, **parts)  # type: ignore[arg-type]

    def give(self, folder: Path) -> None:
        """Give a folder and what is in it to the account of Airflow's containers."""
        own(folder, (50000, 50000, 0o700))
        for path in folder.rglob("*"):
            shutil.chown(path, 50000, 50000)

    def close(self) -> None:
        """Kill what is still running, and remove the network."""
        for host in self.hosts:
            host.kill()
        self.network.close()

    def _source(self, system: str, login: str) -> str:
        return (
            f"postgresql://{login}:{self._sources_password}@sources.example:5432/{system}"
            "?sslmode=verify-full&sslrootcert=/etc/oic/sources/ca.crt"
        )

    def _make_settings(self) -> dict[str, str]:
        key = self.folder / "archive_key"
        done = subprocess.run(
            [str(ENVIRONMENT / "bin" / "python"), "-c",
             "import pyrage; print(pyrage.x25519.Identity.generate())"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        key.write_text(done.stdout, "ascii")
        own(key, (50000, 50000, 0o400))
        of_back_ups = self.folder / "pgbackrest_key"
        of_back_ups.write_text(f"[global]\nrepo1-cipher-pass={new_secret()}\n", "ascii")
        own(of_back_ups, (999, 999, 0o400))
        names = (
            "POSTGRES_PASSWORD", "AIRFLOW_DB_PASSWORD", "WAREHOUSE_DB_PASSWORD",
            "ASSURANCE_BI_READER_PASSWORD", "AIRFLOW_SECRET_KEY", "AIRFLOW_JWT_SECRET",
            "ASSURANCE_PSEUDONYM_KEY",
        )  # fmt: skip
        return {
            **{name: new_secret() for name in names},
            "AIRFLOW_FERNET_KEY": Fernet.generate_key().decode(),
            "AIRFLOW_CONN_RMS": self._source("rms", "rms_extract"),
            "AIRFLOW_CONN_INTELLIGENCE": self._source("intelligence", "intelligence_extract"),
            "ASSURANCE_ARCHIVE_KEY_FILE": str(key),
            "PGBACKREST_KEY_FILE": str(of_back_ups),
            "ASSURANCE_SOURCE_AUTHORITIES": str(self.folder / "source-authorities"),
            "ASSURANCE_APPROVE_WARNINGS": "yes",
            "AIRFLOW_SIGN_ON": "database",
            "POSTGRES_BIND": f"{self.network.address}:5432",
            "AIRFLOW_BIND": f"{self.network.address}:8080",
            "REDIS_BIND": f"{self.network.address}:6379",
        }


def _bound(target: str, source: Path) -> dict[str, object]:
    return {"type": "bind", "source": str(source), "target": target, "read_only": True}


def new_secret() -> str:
    """Return a new password or key, as .env.example makes one."""
    return secrets.token_hex(32)


def waits_for_approval(airflow: Airflow, run: str) -> None:
    """Wait until the daily run waits for an approval, and say why if it ends before."""
    task = "approve_warning"
    airflow.wait_for("assurance_daily", run, task, "awaiting_input", "failed", "upstream_failed")
    assert airflow.state("assurance_daily", run, task) == "awaiting_input"
