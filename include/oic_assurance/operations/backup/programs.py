"""Run PostgreSQL's dump programs, with passwords passed in the environment, never as arguments.

Anybody on the machine can read a process's arguments, but only its own user and root can read its
environment.
"""

import os
import subprocess
from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import BinaryIO

from oic_assurance.errors import AssuranceError
from oic_assurance.operations.backup.parts import CHUNK, Sink
from oic_assurance.settings import Settings
from oic_assurance.warehouse.airflow_uri import find_connection_uri, libpq_environment
from oic_assurance.warehouse.connections import PROGRAM, administrator_url, warehouse_url
from oic_assurance.warehouse.programs import client_program

#: The Airflow connection of a login that may read everything and, for a restore, write everything.
CONNECTION = "backup"


def backup_url(settings: Settings) -> str:
    """Return the libpq URI, with password, of the login that reads everything for a back-up.

    This is the login of the Airflow connection `backup`. If there is no such connection, it is an
    administrator of the server if one is known, and otherwise the owner of the warehouse.

    Raises:
        ServerError: The embedded server was never started here.
    """
    given = find_connection_uri(CONNECTION)
    if given:
        return given
    return administrator_url(settings) or warehouse_url(settings)


def output_of(settings: Settings, uri: str, command: Sequence[str], sink: Sink) -> None:
    """Run a program, and write its output to `sink` while it runs.

    Raises:
        AssuranceError: The program cannot be started, or fails.
    """
    with TemporaryFile() as errors:
        process = _start(settings, uri, command, errors, stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker
            while chunk := process.stdout.read(CHUNK):
                sink.write(chunk)
            _wait(process, command, errors)
        finally:
            _end(process)


def feed(settings: Settings, uri: str, command: Sequence[str], source: BinaryIO) -> None:
    """Run a program, and give it the content of `source` as its input.

    Raises:
        AssuranceError: The program cannot be started, or fails.
    """
    with TemporaryFile() as errors:
        process = _start(
            settings, uri, command, errors, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        try:
            assert process.stdin is not None  # noqa: S101 - for the type checker
            try:
                while chunk := source.read(CHUNK):
                    process.stdin.write(chunk)
                process.stdin.close()
            except BrokenPipeError:
                # The program ended early. Its exit code and message, checked below, say why.
                pass
            _wait(process, command, errors)
        finally:
            _end(process)


def _start(
    settings: Settings,
    uri: str,
    command: Sequence[str],
    errors: BinaryIO,
    *,
    stdout: int,
    stdin: int = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    program = client_program(settings, command[0])
    names = ("PATH", "LD_LIBRARY_PATH", "HOME")
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    environment = {**inherited, "LC_ALL": "C", "PGAPPNAME": PROGRAM, **libpq_environment(uri)}
    try:
        return subprocess.Popen(
            [str(program), *command[1:]],
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=errors,
        )
    except OSError as error:
        raise AssuranceError(f"{program} cannot be run: {error.strerror}.") from error


def _wait(process: "subprocess.Popen[bytes]", command: Sequence[str], errors: BinaryIO) -> None:
    if process.wait() == 0:
        return
    errors.seek(0)
    lines = [line.strip() for line in errors.read().decode("utf-8", "replace").splitlines()]
    why = next((line for line in lines if "error:" in line or "FATAL" in line), "")
    why = (why or (lines[-1] if lines else "no reason given")).rstrip(".")
    hint = ""
    if "not compiled in" in why:
        hint = " Set ASSURANCE_PG_BIN to PostgreSQL programs that are built with TLS."
    raise AssuranceError(f"{command[0]} failed: {why}.{hint}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None and not stream.closed:
            try:
                stream.close()
            except BrokenPipeError:
                continue
    if process.poll() is None:
        process.kill()
        process.wait()
