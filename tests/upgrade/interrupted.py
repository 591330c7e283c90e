"""Interrupt migrations at a chosen point, and describe the schema that results.

A point is one exchange with the server: a statement, or the begin or the end of a transaction. The
migration runs in a process of its own, so that it can be killed. Inside a migration's file, the
client sends nothing, so there the server ends the session after a chosen statement.
"""

import itertools
import multiprocessing
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import psycopg

from oic_assurance.errors import AssuranceError
from oic_assurance.operations.backup.programs import run_program
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.connections import administrator_url
from tests.upgrade.earlier import upgrade

#: The process is killed; the connection breaks before the statement is sent; the connection breaks
#: after the server has done the statement, before the client has the answer.
KINDS = ("kill", "cut", "lost answer")
#: The exit code of a migration that reported its failure as one line.
REPORTED = 3
_HEADER = re.compile(r"^-- Name: (.*); Type: (.*); Schema: (.*); Owner: (.*)$", re.MULTILINE)
# After a chosen number of statements that define something, the server ends the session.
_TRAP = """
create schema trap;
create sequence trap.passed;
create function trap.spring() returns event_trigger
language plpgsql security definer set search_path = pg_catalog
as $body$
begin
    if nextval('trap.passed') = {number} then
        perform pg_terminate_backend(pg_backend_pid());
    end if;
end
$body$;
create event trigger trap on ddl_command_end execute function trap.spring();
"""
_NO_TRAP = "drop event trigger trap; drop schema trap cascade;"


def interrupt(point: int, kind: str) -> int:
    """Migrate in another process, and interrupt it at the point with this number, from 1.

    Returns the exit code of the process: 0 if it ended before it came to the point.
    """
    process = multiprocessing.get_context("fork").Process(target=_migrate, args=(point, kind))
    process.start()
    process.join()
    assert process.exitcode is not None
    assert process.exitcode in (0, REPORTED, -signal.SIGKILL), f"exit code {process.exitcode}"
    return process.exitcode


def points() -> int:
    """Migrate without an interruption, and return how many points it passed."""
    counter = itertools.count()
    wait = psycopg.Connection.wait

    def counted(self: psycopg.Connection, *args: Any, **more: Any) -> Any:
        next(counter)
        return wait(self, *args, **more)

    psycopg.Connection.wait = counted  # type: ignore[method-assign, assignment]
    try:
        upgrade()
    finally:
        psycopg.Connection.wait = wait  # type: ignore[method-assign]
    return next(counter)


@contextmanager
def trap(number: int) -> Iterator[None]:
    """End the session that does the statement with this number. 0 only counts the statements."""
    with _administrator() as session:
        session.execute(_TRAP.format(number=number).encode())
    yield
    with _administrator() as session:
        session.execute(_NO_TRAP)


def statements_passed() -> int:
    """Return how many statements that define something were done since `trap` was set."""
    with _administrator() as session:
        row = session.execute("select last_value from trap.passed").fetchone()
    assert row is not None
    return int(row[0])


def schema() -> dict[str, str]:
    """Return everything that is defined in the warehouse, by what and where it is."""
    written = BytesIO()
    run_program(
        load_settings(), _uri(), ["pg_dump", "--schema-only", "--no-password"], sink=written
    )
    text = written.getvalue().decode("utf-8")
    heads = list(_HEADER.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    found: dict[str, str] = {}
    for head, end in zip(heads, ends, strict=True):
        body = text[head.end() : end]
        lines = [line for line in body.splitlines() if line and not line.startswith(("--", "\\"))]
        name, of, place, owner = head.groups()
        if of in ("ACL", "DEFAULT ACL"):
            # The order of rights means nothing.
            lines.sort()
        found[f"{of} {place}.{name} of {owner}"] = "\n".join(lines)
    return found


def _migrate(point: int, kind: str) -> None:
    counter = itertools.count(1)
    wait = psycopg.Connection.wait

    def watched(self: psycopg.Connection, *args: Any, **more: Any) -> Any:
        if next(counter) != point:
            return wait(self, *args, **more)
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "lost answer":
            wait(self, *args, **more)
        with socket.socket(fileno=os.dup(self.fileno())) as broken:
            broken.shutdown(socket.SHUT_RDWR)
        if kind == "lost answer":
            raise psycopg.OperationalError("the connection is lost")
        return wait(self, *args, **more)

    psycopg.Connection.wait = watched  # type: ignore[method-assign, assignment]
    code = 0
    try:
        upgrade()
    except (AssuranceError, psycopg.Error) as error:
        code = REPORTED if isinstance(error, AssuranceError) else 1
        if code == 1:
            os.write(2, f"point {point}, {kind}: {type(error).__name__}: {error}\n".encode())
    os._exit(code)


def _uri() -> str:
    uri = administrator_url(load_settings())
    assert uri is not None
    return uri


def _administrator() -> psycopg.Connection:
    return psycopg.connect(_uri(), autocommit=True)
