"""Start, stop and find the embedded PostgreSQL server of a state folder."""

import contextlib
import fcntl
import json
import logging
import os
import random
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from oic_assurance.errors import ServerError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.cluster import (
    check_cluster,
    configure,
    create_cluster,
    data_dir,
    remove_drafts,
    server_log_dir,
)
from oic_assurance.warehouse.folders import private_folder
from oic_assurance.warehouse.process import Postmaster, clean_up_dead_server, find_postmaster
from oic_assurance.warehouse.programs import (
    HERE,
    LOG,
    change_owner,
    give_away,
    run_program,
    server_account,
)

HOST = "127.0.0.1"
# Operating systems use higher port numbers for outgoing connections. So an outgoing connection
# never occupies the port that this server has saved for its next start.
PORTS = range(20_000, 30_000)
# The message SSLRequest of PostgreSQL's protocol. Every server answers it without a login, so
# an answer shows that the server accepts connections.
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
READY_SECONDS = 60.0
STOP_SECONDS = 60.0
RETRY_SECONDS = 5.0
LOG_LIMIT_BYTES = 10 * 1024 * 1024
ROTATION_SECONDS = 3.0
_LOG_NAME = "postgres-%Y%m%dT%H%M%S.json"

logger = logging.getLogger(__name__)


def is_running(settings: Settings) -> bool:
    """Tell whether the embedded server of this state folder is running."""
    return find_postmaster(data_dir(settings)) is not None


def start(settings: Settings) -> None:
    """Start the embedded server, if it is not running, and wait until it accepts connections.

    Raises:
        ServerError: The server cannot be created or started.
    """
    if _takes_connections(settings):
        return
    private_folder(settings, settings.server_dir)
    private_folder(settings, settings.log_dir)
    with _lock(settings):
        # While this process waited for the lock, another process may have started the server. The
        # server may not be ready yet, for example because that process was killed.
        if _wait_for_running(settings):
            return
        try:
            remove_drafts(settings)
            create_cluster(settings)
            give_away(data_dir(settings))
            check_cluster(settings)
            _launch(settings)
        except OSError as error:
            raise ServerError(
                f"The server cannot be started in {settings.server_dir}: "
                f"{error.filename or ''}: {error.strerror or error}."
            ) from error


def stop(settings: Settings) -> None:
    """Stop the embedded server, if it is running. This ends open sessions.

    Raises:
        ServerError: The server does not stop, or belongs to another user.
    """
    data = data_dir(settings)
    if find_postmaster(data) is None:
        return
    with _lock(settings):
        for request in (signal.SIGINT, signal.SIGQUIT):
            running = find_postmaster(data)
            if running is None:
                return
            _send(running, request)
            if _wait(lambda: find_postmaster(data) is None, STOP_SECONDS):
                return
    raise ServerError(f"The server of {data} does not stop: read its log.")


def server_port(settings: Settings) -> int:
    """Return the port that the embedded server listens on, or will listen on after its next start.

    Raises:
        ServerError: The server was never started here.
    """
    running = find_postmaster(data_dir(settings))
    if running is not None and running.port is not None:
        return running.port
    port = settings.pg_port or _saved_port(settings)
    if port is None:
        raise ServerError("The server was never started here: run `assurance db start` first.")
    return port


def _launch(settings: Settings) -> None:
    data = data_dir(settings)
    log = _prepare_log(settings, data)
    deadline = time.monotonic() + RETRY_SECONDS
    while True:
        clean_up_dead_server(data, patience=READY_SECONDS)
        port = _choose_port(settings)
        configure(settings, data, port=port)
        _save_port(settings, port)
        offset, since = log.stat().st_size, time.time()
        options = ["-w", "-t", f"{READY_SECONDS:.0f}", "-l", LOG]
        with log.open("ab") as file:
            done = run_program(
                settings, data, ["pg_ctl", "-D", HERE, *options, "start"], log=file.fileno()
            )
        if done.returncode == 0:
            return
        reason = (
            _reason_in_log(log, offset)
            or _reason_in_json(settings, since)
            or " ".join(done.stderr.split())
        )
        if settings.pg_port is not None and "TCP/IP" in reason:
            raise _port_taken(settings.pg_port)
        if not _may_heal(reason) or time.monotonic() > deadline:
            raise ServerError(f"PostgreSQL does not start on {data}: {reason} (see {log}).")
        time.sleep(0.3)


def _may_heal(reason: str) -> bool:
    """Tell whether another attempt to start the server may succeed after this failure.

    Another attempt may succeed if the port was in use, or if a killed server has left a lock file
    or shared memory.
    """
    passing = ("lock file", "shared memory block", "TCP/IP sockets")
    return any(words in reason for words in passing)


def _wait_for_running(settings: Settings) -> bool:
    """Wait until a server that is running or starting accepts connections.

    Returns False if no server is running, or if the server ends before it accepts connections.

    Raises:
        ServerError: The server runs but does not accept connections within `READY_SECONDS`.
    """
    data = data_dir(settings)
    deadline = time.monotonic() + READY_SECONDS
    while find_postmaster(data) is not None:
        if _takes_connections(settings):
            return True
        if time.monotonic() > deadline:
            raise ServerError(f"The server of {data} runs but accepts no connections: stop it.")
        time.sleep(0.02)
    return False


def _takes_connections(settings: Settings) -> bool:
    """Tell whether the server answers a request on its port.

    A running server process is not enough, because the server may be about to stop.
    """
    running = find_postmaster(data_dir(settings))
    if running is None or not running.ready or running.port is None:
        return False
    try:
        with socket.create_connection((HOST, running.port), timeout=2) as connection:
            connection.sendall(SSL_REQUEST)
            return connection.recv(1) in (b"N", b"S")
    except OSError:
        return False


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _send(running: Postmaster, request: signal.Signals) -> None:
    try:
        os.kill(running.pid, request)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise ServerError(
            f"The server (process {running.pid}) belongs to another user and cannot be stopped."
        ) from error


@contextlib.contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """Hold a lock, so that only one process at a time starts or stops a state folder's server."""
    path = settings.server_dir / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ServerError(f"{path} cannot be opened: {error.strerror}.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def rotate_log(settings: Settings) -> Path | None:
    """Make the server begin a new log file, and return the path of that file.

    Returns None if the server is not running, or does not begin a new file within a few seconds.

    Raises:
        ServerError: The program `pg_ctl` cannot be run.
    """
    data = data_dir(settings)
    before = _current_log(settings)
    if not is_running(settings):
        return None
    # A file's name contains the second in which the file was begun. A new file that is begun in the
    # same second would have the same name. So the server is asked only in the next second.
    if before is not None:
        _wait(lambda: time.strftime(_LOG_NAME, time.gmtime()) != before.name, 2.0)
    run_program(settings, data, ["pg_ctl", "-D", ".", "logrotate"])
    _wait(lambda: _current_log(settings) not in (None, before), ROTATION_SECONDS)
    after = _current_log(settings)
    return after if after != before else None


def _current_log(settings: Settings) -> Path | None:
    """Return the log file that the server writes to now."""
    try:
        text = (data_dir(settings) / "current_logfiles").read_text(encoding="utf-8")
    except OSError:
        return None
    for line in text.splitlines():
        kind, _, path = line.partition(" ")
        if kind == "jsonlog":
            return server_log_dir(settings) / Path(path).name
    return None


def _choose_port(settings: Settings) -> int:
    if settings.pg_port is not None:
        if not _is_free(settings.pg_port):
            raise _port_taken(settings.pg_port)
        return settings.pg_port
    saved = _saved_port(settings)
    if saved is not None and _is_free(saved):
        return saved
    for port in random.sample(PORTS, 200):
        if _is_free(port):
            if saved is not None:
                logger.warning("Port %d is used by another program, so %d is used.", saved, port)
            return port
    raise ServerError(f"No free port between {PORTS.start} and {PORTS.stop - 1} on {HOST}.")


def _port_taken(port: int) -> ServerError:
    return ServerError(
        f"Port {port} on {HOST} is used by another program: stop that program, set "
        "ASSURANCE_PG_PORT to a free port, or unset it."
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # With this option, a port counts as free if it only has closed connections (TIME_WAIT).
        # PostgreSQL sets the option too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _port_file(settings: Settings) -> Path:
    return settings.server_dir / "port"


def _saved_port(settings: Settings) -> int | None:
    try:
        port = int(_port_file(settings).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return port if 0 < port < 65536 else None


def _save_port(settings: Settings, port: int) -> None:
    if settings.pg_port is None and _saved_port(settings) != port:
        draft = _port_file(settings).with_suffix(".new")
        draft.write_text(f"{port}\n", encoding="ascii")
        draft.replace(_port_file(settings))


def _prepare_log(settings: Settings, data: Path) -> Path:
    log = settings.log_dir / "postgres.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    log.touch(mode=0o600)
    change_owner(log, server_account(data))
    return log


def _reason_in_log(log: Path, offset: int) -> str:
    """Return why the server did not start, or an empty string if its log gives no reason.

    Only the part of the log after the byte `offset` is read.
    """
    with log.open(encoding="utf-8", errors="replace") as file:
        file.seek(offset)
        lines = file.read().splitlines()
    for word in ("PANIC:", "FATAL:"):
        for line in reversed(lines):
            if word in line:
                return " ".join(line.split(word, 1)[1].split()).rstrip(".")
    return ""


def _reason_in_json(settings: Settings, since: float) -> str:
    """Return why the server did not start, from the JSON log files written since a time."""
    found = []
    for path in sorted(server_log_dir(settings).glob("*.json")):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime >= since - 1:
                found += path.read_text(encoding="utf-8", errors="replace").splitlines()
    for severity in ("PANIC", "FATAL"):
        for line in reversed(found):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                if entry["error_severity"] == severity:
                    return " ".join(str(entry["message"]).split()).rstrip(".")
    return ""
