"""Debian's PostgreSQL, with the options, access rules and certificates of the compose file."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import psycopg2  # type: ignore[import-untyped]
import pytest
import sqlalchemy
import yaml
from psycopg.conninfo import make_conninfo

from oic_assurance.warehouse.airflow_uri import libpq_uri
from tests.ports import free_port
from tests.tls import debian_server_programs, make_certificates

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow
#: Settings of PostgreSQL 16 and 17 that an older server does not know.
NEWER = ("reserved_connections=", "max_notify_queue_pages=")


class Server:
    """A PostgreSQL server as in docker-compose.yml, with the superuser `postgres`."""

    def __init__(self, folder: Path) -> None:
        programs = debian_server_programs()
        assert programs is not None, "make test-all installs Debian's postgresql"
        self.folder = folder
        self.certificates = make_certificates(folder / "tls", "localhost", "elsewhere.example")
        self.port = free_port()
        self._programs = programs
        data = folder / "data"
        password = folder / "password"
        password.write_text("for-a-test", encoding="ascii")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, *self._account)
        self._run("initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--pwfile", password)
        command = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
        # In the command, each setting follows an option `-c`. Debian's server has version 15, which
        # does not know the two settings of `NEWER`.
        settings = command["services"]["postgres"]["command"][2::2]
        settings = [one for one in settings if not one.startswith(NEWER)]
        shutil.copy(ROOT / "deploy" / "pg_hba.conf", folder / "pg_hba.conf")
        os.chown(folder / "pg_hba.conf", *self._account)
        settings = [
            one.replace("/etc/oic/tls/postgres", f"{folder}/tls/localhost").replace(
                "/etc/oic/pg_hba.conf", f"{folder}/pg_hba.conf"
            )
            for one in settings
        ]
        options = [option for setting in settings for option in ("-c", setting)]
        options += ["-p", self.port, "-c", "unix_socket_directories=", "-c", "log_connections=on"]
        self._process = self._start("postgres", "-D", data, *options)

    @property
    def _account(self) -> tuple[int, int]:
        return (65534, 65534) if os.geteuid() == 0 else (os.getuid(), os.getgid())

    def _start(self, *command: object) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(self._programs / str(command[0])), *map(str, command[1:])],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                user=self._account[0],
                group=self._account[1],
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and "ready to accept" not in self.log:
            assert process.poll() is None, self.log
            time.sleep(0.1)
        return process

    def _run(self, *command: object) -> None:
        subprocess.run(
            [str(self._programs / str(command[0])), *map(str, command[1:])],
            check=True,
            capture_output=True,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            user=self._account[0],
            group=self._account[1],
        )

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", errors="replace")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("postgres")
    for above in folder.parents[:2]:
        above.chmod(0o755)
    server = Server(folder)
    yield server
    server.stop()


@pytest.fixture
def parts(server: Server) -> dict[str, str]:
    return {
        "host": "localhost",
        "port": str(server.port),
        "user": "postgres",
        "password": "for-a-test",
        "dbname": "postgres",
        "sslmode": "verify-full",
        "sslrootcert": str(server.certificates / "authority" / "ca.crt"),
    }


def test_a_checked_connection_is_encrypted(parts: dict[str, str]) -> None:
    query = "select version from pg_stat_ssl where pid = pg_backend_pid() and ssl"
    with psycopg.connect(make_conninfo(**parts)) as connection:
        assert connection.execute(query).fetchone() == ("TLSv1.3",)
    with psycopg2.connect(make_conninfo(**parts)) as older, older.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchone() == ("TLSv1.3",)
    uri = libpq_uri(parts).replace("postgresql://", "postgresql+psycopg://", 1)
    engine = sqlalchemy.create_engine(uri)
    with engine.connect() as through_sqlalchemy:
        assert through_sqlalchemy.execute(sqlalchemy.text(query)).scalar() == "TLSv1.3"
    engine.dispose()


def test_the_server_refuses_plaintext_before_the_password(
    server: Server, parts: dict[str, str]
) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry .*no encryption"):
        psycopg.connect(make_conninfo(**{**parts, "sslmode": "disable"}))
    assert "no encryption" in server.log


@pytest.mark.parametrize(
    ("change", "message"),
    [({"host": "127.0.0.1"}, "does not match host name"), ({"sslrootcert": "other"}, "verify")],
)
def test_the_wrong_host_and_an_unknown_authority_are_refused(
    parts: dict[str, str], tmp_path: Path, change: dict[str, str], message: str
) -> None:
    if "sslrootcert" in change:
        make_certificates(tmp_path, "localhost")
        change = {"sslrootcert": str(tmp_path / "authority" / "ca.crt")}
    with pytest.raises(psycopg.OperationalError, match=message):
        psycopg.connect(make_conninfo(**{**parts, **change}))
