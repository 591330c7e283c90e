"""A MariaDB server for the tests, on a local port, with its data in a given folder."""

import getpass
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.sources.databases.postgres import source_type
from oic_assurance.sources.declarations.load import datasets
from tests.ports import free_port

PASSWORD = "hidden-in-every-error"
#: The MariaDB type for each column type of a dataset's declaration.
_TYPES = {
    "bigint": "bigint",
    "integer": "int",
    "boolean": "tinyint(1)",
    "text": "varchar(500)",
    "date": "date",
    "timestamptz": "datetime(6)",
}


def program(name: str) -> str:
    """Return the path of a server program.

    Debian installs some programs in folders that are not on the PATH of ordinary users.
    """
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is not installed: tests/connectors/debian-packages.txt names its package"
    return found


class MariaDb:
    """A server with the databases `rms` and `intel`, and a login that can only read them."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._data = folder / "data"
        self._options = options
        self._log = folder / "server.log"
        # The path of a socket file must be short, and a test's folder can have a long path. So the
        # server uses an abstract socket, which has no file.
        self.port = free_port()
        self._socket = f"@assurance-{os.getpid()}-{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._session: Any = None
        subprocess.run(
            [
                program("mariadb-install-db"), "--no-defaults", f"--user={getpass.getuser()}",
                f"--datadir={self._data}", "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            check=True, capture_output=True,
        )  # fmt: skip

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    program("mariadbd"), "--no-defaults", f"--user={getpass.getuser()}",
                    f"--datadir={self._data}", f"--socket={self._socket}",
                    "--bind-address=127.0.0.1", f"--port={self.port}", "--skip-name-resolve",
                    "--innodb-buffer-pool-size=128M", "--innodb-flush-log-at-trx-commit=0",
                    *self._options,
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        for _ in range(300):
            try:
                self.execute("select 1")
            except Exception:  # while the server starts, connecting raises several kinds of errors
                time.sleep(0.1)
            else:
                return
        raise AssertionError(self._log.read_text())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server with a signal. `SIGKILL` stops it as a power cut would."""
        self._session = None
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def session(self, user: str = "root") -> Any:
        """Open a session in the time zone UTC, by default as the administrator."""
        import mysql.connector

        return mysql.connector.connect(
            host="127.0.0.1", port=self.port, user=user, time_zone="+00:00", autocommit=True
        )

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement as administrator, and return its rows."""
        if self._session is None:
            self._session = self.session()
        with self._session.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.with_rows else []

    def create_databases(self) -> None:
        """Create databases with the empty tables of the source contract, and the login `reader`."""
        for name in ("rms", "intel"):
            self.execute(f"drop database if exists {name}")
            # In this collation, strings that differ only in case or accents count as equal.
            self.execute(f"create database {name} character set utf8mb4 collate utf8mb4_general_ci")
        self.execute("create or replace user reader@'%' identified by %s", PASSWORD)
        for dataset in datasets().values():
            if dataset.kind != "database":
                continue
            place, table = dataset.database, dataset.tables[0]
            columns = [
                f"{column.name} {_TYPES[source_type(column)]} null" for column in table.columns
            ]
            columns += [f"{name} text" for name in place.never_extracted]
            columns += [f"primary key ({table.key[0]})", f"key ({place.cursor})"]
            name = f"{place.schema}.{place.table}"
            self.execute(f"create table {name} ({', '.join(columns)})")
            self.execute(f"grant select ({', '.join(table.names)}) on {name} to reader@'%'")

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make the pipeline read both source systems from this server."""
        monkeypatch.setenv("AIRFLOW_CONN_RMS", self.connection())
        monkeypatch.setenv("AIRFLOW_CONN_INTELLIGENCE", self.connection(schema="intel"))

    def connection(self, **other: Any) -> str:
        """Return the JSON of an Airflow connection to this server."""
        return json.dumps(
            {
                "conn_type": "mysql",
                "host": "127.0.0.1",
                "port": self.port,
                "login": "reader",
                "password": PASSWORD,
                "schema": "rms",
            }
            | other
        )
