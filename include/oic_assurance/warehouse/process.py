"""Find the server process of a data directory.

The server's pid file alone does not prove that the server is running.
"""

import contextlib
import errno
import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from oic_assurance.errors import ServerError

PROC = Path("/proc")
_PORT_LINE, _STATUS_LINE = 3, 7
# For example `postgres: bi_reader warehouse 127.0.0.1(40118) authentication`.
_UNKNOWN = re.compile(rb"postgres: .* (authentication|startup|initializing)", re.DOTALL)


@dataclass(frozen=True)
class Postmaster:
    """The main process of a running PostgreSQL server."""

    pid: int
    port: int | None
    ready: bool


def find_postmaster(data: Path) -> Postmaster | None:
    """Return the main process of the data directory's running server, or None if there is none."""
    lines = _pid_file(data)
    pid = _pid_in(lines)
    if pid is None or not _works_in(pid, data):
        return None
    port = lines[_PORT_LINE] if len(lines) > _PORT_LINE else ""
    status = lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else ""
    return Postmaster(pid, int(port) if port.isdigit() else None, status == "ready")


def end_clients_without_login(postmaster: Postmaster, seconds: float) -> None:
    """Disconnect the clients that do not log in for `seconds`, during which this call waits.

    Until a client has given its password, no limit of a role applies to its connection, and a
    server that has no connection left answers no query. So they are found by the titles of the
    server's processes.
    """
    waiting = _without_login(postmaster.pid)
    time.sleep(seconds)
    for pid in waiting & _without_login(postmaster.pid):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)


def _without_login(parent: int) -> set[int]:
    found = set()
    for entry in PROC.iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and _UNKNOWN.match((entry / "cmdline").read_bytes()):
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                if int(fields[1]) == parent:
                    found.add(int(entry.name))
    return found


def clean_up_dead_server(data: Path, *, patience: float) -> None:
    """Wait until a killed server's processes have ended, and remove a pid file that blocks a start.

    PostgreSQL does not start while a process exists that has the pid in the pid file. That process
    is not always a server: after a reboot or in a container, another program can have the same pid,
    and a killed server can remain as a zombie. In these cases, PostgreSQL would not start until the
    process ends. So the file is removed.

    Raises:
        ServerError: Processes of the server are still running after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while left := _processes_in(data):
        if time.monotonic() > deadline:
            raise ServerError(
                f"A killed server has left processes that use {data}: end "
                f"{', '.join(map(str, sorted(left)))}."
            )
        time.sleep(0.05)
    pid = _pid_in(_pid_file(data))
    if pid is not None and PROC.joinpath("self").exists() and _exists(pid):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _pid_in(lines: list[str]) -> int | None:
    first = lines[0].strip() if lines else ""
    return int(first) if first.isdigit() and int(first) > 0 else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return error.errno == errno.EPERM
    return True


def _works_in(pid: int, data: Path) -> bool:
    """Tell whether a process belongs to the PostgreSQL server of the data directory.

    Every process of a server is called `postgres` and works in the data directory. Without /proc
    this cannot be checked, so any existing process counts.
    """
    if not PROC.joinpath("self").exists():
        return _exists(pid)
    process = PROC / str(pid)
    try:
        name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
        return name == "postgres" and (process / "cwd").samefile(data)
    except OSError:
        # The process does not exist, is a zombie, or belongs to another user.
        return False


def _processes_in(data: Path) -> set[int]:
    if not PROC.joinpath("self").exists():
        return set()
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return {pid for pid in pids if _works_in(pid, data)}
