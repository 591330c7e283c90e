"""Run PostgreSQL's dump programs, with passwords passed in the environment, never as arguments.

Anybody on the machine can read a process's arguments, but only its own user and root can read its
environment.
"""

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
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


def run_program(
    settings: Settings,
    uri: str,
    command: Sequence[str],
    *,
    source: BinaryIO | None = None,
    sink: Sink | None = None,
) -> None:
    """Run a program. It gets the content of `source`, or writes to `sink`, while it runs.

    Raises:
        AssuranceError: The program cannot be started, or fails.
    """
    program = client_program(settings, command[0])
    names = ("PATH", "LD_LIBRARY_PATH", "HOME")
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    with TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [str(program), *command[1:]],
                env={**inherited, "LC_ALL": "C", "PGAPPNAME": PROGRAM, **libpq_environment(uri)},
                stdin=subprocess.PIPE if source else subprocess.DEVNULL,
                stdout=subprocess.PIPE if sink else subprocess.DEVNULL,
                stderr=errors,
            )
        except OSError as error:
            raise AssuranceError(f"{program} cannot be run: {error.strerror}.") from error
        with process:
            try:
                while sink and process.stdout and (chunk := process.stdout.read(CHUNK)):
                    sink.write(chunk)
                if source and process.stdin:
                    # If the program ends early, its exit code and message say why.
                    with suppress(BrokenPipeError):
                        while chunk := source.read(CHUNK):
                            process.stdin.write(chunk)
                    with suppress(BrokenPipeError):
                        process.stdin.close()
            except BaseException:
                process.kill()
                raise
        if process.returncode == 0:
            return
        errors.seek(0)
        lines = [line.strip() for line in errors.read().decode("utf-8", "replace").splitlines()]
    why = next((line for line in lines if "error:" in line or "FATAL" in line), "")
    why = (why or (lines[-1] if lines else "no reason given")).rstrip(".")
    hint = ""
    if "not compiled in" in why:
        hint = " Set ASSURANCE_PG_BIN to PostgreSQL programs that are built with TLS."
    raise AssuranceError(f"{command[0]} failed: {why}.{hint}")
