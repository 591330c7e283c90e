"""Debian's PostgreSQL with pgBackRest, set up by the files of the deployment, on this machine.

As in docker-compose.yml, the server and pgBackRest run as the user `postgres`. The configuration is
the deployment's file. Only its paths are replaced, by environment variables.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import yaml

from oic_assurance.warehouse.airflow_uri import libpq_uri
from tests.ports import free_port
from tests.tls import debian_server_programs

ROOT = Path(__file__).resolve().parents[2]
DEPLOYED = ROOT / "deploy" / "pgbackrest"
PASSWORD = "a-password-for-a-test"
#: The settings of the compose file that archive the server's log of changes.
ARCHIVING = ("archive_mode=", "archive_timeout=", "archive_command=")


class Server:
    """A server whose changes are archived, and its repository of back-ups."""

    def __init__(self, folder: Path) -> None:
        programs = debian_server_programs()
        assert programs is not None, "make test-all installs Debian's postgresql"
        #: The folder of PostgreSQL's programs.
        self.programs = programs
        self.folder = folder
        self.data = folder / "data"
        self.repository = folder / "repository"
        #: The passphrase of the repository, in a file apart from the configuration.
        self.passphrase = secrets.token_hex(24)
        self.port = free_port()
        shutil.copy(DEPLOYED / "pgbackrest.conf", folder)
        key = folder / "conf.d" / "key.conf"
        key.parent.mkdir()
        key.write_text(f"[global]\nrepo1-cipher-pass={self.passphrase}\n", encoding="ascii")
        (folder / "password").write_text(PASSWORD, encoding="ascii")
        account = pwd.getpwnam("postgres")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)
            path.chmod(0o700 if path.is_dir() else 0o600)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the server and of pgBackRest. It has no secret."""
        return {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "LC_ALL": "C",
            "PGBACKREST_CONFIG": f"{self.folder}/pgbackrest.conf",
            "PGBACKREST_CONFIG_INCLUDE_PATH": f"{self.folder}/conf.d",
            "PGBACKREST_REPO1_PATH": str(self.repository),
            "PGBACKREST_PG1_PATH": str(self.data),
            "PGBACKREST_PG1_PORT": str(self.port),
            "PGBACKREST_PG1_SOCKET_PATH": str(self.folder),
            "PGBACKREST_LOCK_PATH": f"{self.folder}/lock",
            "PGBACKREST_SPOOL_PATH": f"{self.folder}/spool",
        }

    def start(self) -> None:
        """Start the server, with an empty data directory at the first time."""
        if not self.data.exists():
            access = [
                "--encoding=UTF8",
                "--auth-local=peer",
                "--auth-host=scram-sha-256",
                "--pwfile=password",
            ]
            self.run("initdb", "-D", str(self.data), *access)
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
        settings = [
            one for one in compose["services"]["postgres"]["command"] if one.startswith(ARCHIVING)
        ]
        assert len(settings) == len(ARCHIVING)
        settings += [f"port={self.port}", "listen_addresses=127.0.0.1", "max_connections=100"]
        settings += [f"unix_socket_directories={self.folder}"]
        options = " ".join(f"-c '{setting}'" for setting in settings)
        self.run("pg_ctl", "-D", str(self.data), "-l", "log", "-w", "-t", "300", "-o", options,
                 "start")  # fmt: skip

    def stop(self) -> None:
        """Stop the server."""
        self.run("pg_ctl", "-D", str(self.data), "-w", "-m", "fast", "stop")

    def pgbackrest(self, *arguments: str) -> str:
        """Run pgBackRest to its end, and return its output."""
        return self.run("pgbackrest", "--stanza=oic", *arguments)

    def run(self, *command: str) -> str:
        """Run a program as the user `postgres`, with the umask of the containers.

        The output goes to a file, because a server that `pg_ctl` starts keeps it open.
        """
        with (self.folder / "output").open("w+", encoding="utf-8") as output:
            done = subprocess.run(
                command,
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                user="postgres",
                group="postgres",
                extra_groups=[],
                umask=0o077,
                timeout=600,
            )
            output.seek(0)
            text = output.read()
        assert done.returncode == 0, f"{command}: {text}"
        return text

    def url(self, user: str, database: str) -> str:
        """Return the URI of a login."""
        return libpq_uri(
            {
                "host": "127.0.0.1",
                "port": str(self.port),
                "user": user,
                "password": PASSWORD,
                "dbname": database,
            }
        )

    @contextmanager
    def session(self, database: str = "warehouse") -> Iterator[psycopg.Connection]:
        """Yield a session of the superuser."""
        with psycopg.connect(self.url("postgres", database), autocommit=True) as connection:
            yield connection

    def create_warehouse(self) -> None:
        """Create the empty warehouse and its owner, as the deployment's script does."""
        with self.session("postgres") as superuser:
            superuser.execute(
                f"create role warehouse_owner login createrole password '{PASSWORD}'".encode()
            )
            for statement in (
                "create database warehouse owner warehouse_owner",
                "revoke all on database warehouse from public",
                "revoke connect, temporary on database postgres, template1 from public",
                "grant pg_use_reserved_connections to warehouse_owner",
            ):
                superuser.execute(statement.encode())


@contextmanager
def started() -> Iterator[Server]:
    """A server that runs for the block, with an empty repository of pgBackRest.

    The user `postgres` must be able to pass through the folders above, and pytest's are private.
    """
    with tempfile.TemporaryDirectory(prefix="pgbackrest-") as folder:
        server = Server(Path(folder))
        server.start()
        server.pgbackrest("stanza-create")
        yield server
        server.stop()
