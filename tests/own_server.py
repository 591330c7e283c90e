"""A PostgreSQL server of one's own with PostgreSQL's own defaults, as an administrator makes it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg import sql

from oic_assurance.settings import Settings
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.programs import (
    HERE,
    LOG,
    change_owner,
    run_program,
    server_account,
)
from tests.ports import free_port

OWNER = "warehouse_owner"


@contextmanager
def own_server(
    settings: Settings, folder: Path, programs: Path | None = None
) -> Iterator[tuple[str, str]]:
    """Start a server in an empty folder, and stop it at the end.

    `programs` is a folder with PostgreSQL's programs, by default those of the embedded server.

    Yields the addresses of the database `warehouse` for its owner, who may create roles, and for
    the superuser.
    """
    settings = replace(settings, pg_bin=programs or settings.pg_bin)
    data, port, password = folder / "data", free_port(), secrets.token_hex(20)
    data.mkdir()
    change_owner(data, server_account(data))

    def run(file: Path, *command: str) -> None:
        with file.open("a+b") as opened:
            done = run_program(settings, data, command, log=opened.fileno())
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"

    secret = folder / "password"
    secret.write_text(password, encoding="ascii")
    change_owner(secret, server_account(data))
    options = ("-U", "postgres", "-E", "UTF8", "-A", "scram-sha-256", "--pwfile", LOG)
    run(secret, "initdb", "-D", HERE, *options)
    log = folder / "server.log"
    log.touch()
    change_owner(log, server_account(data))
    place = f"-p {port} -c unix_socket_directories="
    run(log, "pg_ctl", "-D", HERE, "-w", "-l", LOG, "-o", place, "start")
    try:
        at = {"host": "127.0.0.1", "port": str(port), "password": password}
        with psycopg.connect(libpq_uri({**at, "user": "postgres"}), autocommit=True) as superuser:
            superuser.execute(
                sql.SQL("create role {} login createrole password {}").format(
                    sql.Identifier(OWNER), sql.Literal(password)
                )
            )
            superuser.execute(f"create database warehouse owner {OWNER}".encode())
        at["dbname"] = "warehouse"
        yield libpq_uri({**at, "user": OWNER}), libpq_uri({**at, "user": "postgres"})
    finally:
        run(log, "pg_ctl", "-D", HERE, "-w", "-m", "immediate", "stop")
