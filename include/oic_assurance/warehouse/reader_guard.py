"""Watch readers while a stage runs, and enforce their limits.

When a stage begins, sessions that have exceeded a limit are ended (`limits.py`). The embedded
server's processes run on this machine, so their use of processors and memory is watched until the
stage ends: a reader's process that uses much processor time from then on only gets what nobody else
wants, and sessions that use much memory are ended. `benchmarks/hostile.py` measures what this
brings.

On another server, only the limits apply. The administrator of such a server can give readers a
server of their own (a replica), or limit their processes with control groups.
"""

import contextlib
import functools
import logging
import os
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import psycopg

from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.cluster import data_dir
from oic_assurance.warehouse.connections import connect, uses_embedded_server
from oic_assurance.warehouse.limits import ROLE, end_overdue, end_session
from oic_assurance.warehouse.process import find_postmaster

#: The seconds between two checks of the processes, and before a lost server is asked again.
TICK_SECONDS, RETRY_SECONDS = 0.25, 5.0
#: The period over which a reader's processor time is measured.
WINDOW_SECONDS = 2.0
#: The share of one processor that all readers together may use. If they use more, the processes
#: that use most go to the end of the queue for a processor.
FREE_SHARE = 0.1
LOWEST = 19
#: How many bytes of memory one session of a reader may use, and all of them together.
MEMORY_LIMIT, MEMORY_OF_ALL = 512 * 1024 * 1024, 1024 * 1024 * 1024
#: How many clients may be connected without having logged in. If there are more, those that have
#: not logged in after `UNKNOWN_SECONDS` are disconnected.
UNKNOWN_CLIENTS, UNKNOWN_SECONDS = 20, 2.0

LOG = logging.getLogger(__name__)
PROC = Path("/proc")

P = ParamSpec("P")
T = TypeVar("T")


def guarded(stage: Callable[Concatenate[Settings, P], T]) -> Callable[Concatenate[Settings, P], T]:
    """Decorate a stage: watch readers while it runs."""

    @functools.wraps(stage)
    def run(settings: Settings, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with readers_watched(settings):
            return stage(settings, *args, **kwargs)

    return run


_one_at_a_time = threading.Lock()


@contextlib.contextmanager
def readers_watched(settings: Settings) -> Iterator[None]:
    """Watch readers during the block, unless this process already watches them.

    If watching fails, the failure is logged and the block continues.
    """
    if not _one_at_a_time.acquire(blocking=False):
        yield
        return
    end = threading.Event()
    watch = threading.Thread(target=_watch, args=(settings, end), name="reader guard", daemon=True)
    try:
        watch.start()
        yield
    finally:
        end.set()
        watch.join()
        _one_at_a_time.release()


def _watch(settings: Settings, end: threading.Event) -> None:
    connection: psycopg.Connection | None = None
    processes: _Processes | None = None
    try:
        while not end.wait(TICK_SECONDS):
            try:
                if uses_embedded_server() and find_postmaster(data_dir(settings)) is None:
                    continue
                if connection is None:
                    connection = connect(settings, role=ROLE, autocommit=True)
                    processes = _processes(settings, connection)
                    end_overdue(connection)
                if processes is None:
                    return
                for pid, because in processes.watch():
                    end_session(connection, pid, because)
            except (psycopg.Error, AssuranceError, OSError) as error:
                # Before the first connection, the warehouse may not have been created yet.
                level = logging.INFO if connection is None else logging.WARNING
                LOG.log(level, "Readers are not watched at this moment: %s", type(error).__name__)
                if connection is not None:
                    connection.close()
                connection = None
                end.wait(RETRY_SECONDS)
    finally:
        if connection is not None:
            connection.close()


def _processes(settings: Settings, connection: psycopg.Connection) -> "_Processes | None":
    """Return the embedded server's processes, or None if the warehouse is on another server."""
    if not uses_embedded_server() and connection.info.host != "127.0.0.1":
        return None
    running = find_postmaster(data_dir(settings))
    if running is None or running.port != connection.info.port:
        return None
    logins = connection.execute("select limits.pipeline_logins()").fetchall()
    return _Processes(running.pid, connection.info.dbname, {login for (login,) in logins})


class _Processes:
    """The processes of the embedded server that serve readers of one warehouse."""

    def __init__(self, postmaster: int, database: str, pipeline: set[str]) -> None:
        self._postmaster = postmaster
        self._pipeline = pipeline
        # The title of a process that serves a reader is, for example,
        # `postgres: bi_reader warehouse 127.0.0.1(40118) SELECT`.
        self._title = re.compile(
            rf"postgres: (.+) {re.escape(database)} [0-9.]+\([0-9]+\) ?(.*)", re.DOTALL
        )
        self._seen: dict[int, float] = {}
        self._last: set[int] = set()
        self._samples: deque[tuple[float, dict[int, float]]] = deque()

    def watch(self) -> list[tuple[int, str]]:
        """Send readers' processes that use much processor time to the end of the queue.

        Also disconnects clients that give no password, if there are too many. Returns the pid of
        each reader's session that uses too much memory and must be ended, with the reason.
        """
        now = time.monotonic()
        readers = {}
        unknown = []
        for pid in self._children():
            self._seen.setdefault(pid, now)
            found = self._title.match(_title(pid))
            if found is None or found[1] in self._pipeline:
                continue
            if found[2].startswith(("authentication", "startup", "initializing")):
                unknown.append(pid)
            readers[pid] = _seconds(pid)
        self._samples.append((now, readers))
        while self._samples[0][0] < now - WINDOW_SECONDS:
            self._samples.popleft()
        self._queue(readers, now)
        self._end_unknown(unknown, now)
        return _too_large({pid: _memory(pid) for pid in readers})

    def _children(self) -> list[int]:
        children = _children(self._postmaster)
        gone = self._seen.keys() - set(children)
        for pid in gone:
            del self._seen[pid]
            self._last.discard(pid)
        return children

    def _queue(self, readers: dict[int, float], now: float) -> None:
        since, before = self._samples[0]
        used = {
            pid: seconds - before.get(pid, 0.0)
            for pid, seconds in readers.items()
            if pid not in self._last
        }
        greedy: set[int] = set()
        allowed = FREE_SHARE * max(now - since, TICK_SECONDS)
        for pid in sorted(used, key=lambda pid: used[pid], reverse=True):
            if sum(used[other] for other in used.keys() - greedy) <= allowed:
                break
            greedy.add(pid)
        for pid in greedy:
            if _put_last(pid, self._postmaster):
                self._last.add(pid)

    def _end_unknown(self, unknown: list[int], now: float) -> None:
        """Disconnect clients that occupy connections without giving a password."""
        if len(unknown) <= UNKNOWN_CLIENTS:
            return
        for pid in unknown:
            if self._seen[pid] < now - UNKNOWN_SECONDS and _parent(pid) == self._postmaster:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGTERM)


def _too_large(memory: dict[int, int]) -> list[tuple[int, str]]:
    """Return each process that must be ended, and why. `memory` is the bytes of each process."""
    rest = sum(memory.values())
    found = []
    for pid in sorted(memory, key=lambda pid: memory[pid], reverse=True):
        if memory[pid] > MEMORY_LIMIT:
            found.append((pid, f"memory: more than {MEMORY_LIMIT // 1024 // 1024} MB"))
        elif rest > MEMORY_OF_ALL:
            found.append((pid, f"memory: readers use more than {MEMORY_OF_ALL // 1024 // 1024} MB"))
        else:
            break
        rest -= memory[pid]
    return found


def _put_last(pid: int, parent: int) -> bool:
    """Send a process to the end of the queue for a processor. Return False if this failed."""
    if _parent(pid) != parent:
        return False
    try:
        # Not merely a high nice value: a process that wakes up must wait some milliseconds for a
        # running process of any nice value, but it interrupts one of this policy at once. A build
        # wakes up thousands of times.
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
        # To the operating system, each process of the server is a session of its own. If the kernel
        # schedules by session (autogroup), the priority of the session has an effect too.
        group = PROC / str(pid) / "autogroup"
        if group.exists():
            group.write_text(str(LOWEST), encoding="ascii")
    except OSError:
        return False
    return True


def _children(pid: int) -> list[int]:
    try:
        path = PROC / str(pid) / "task" / str(pid) / "children"
        return [int(child) for child in path.read_text(encoding="ascii").split()]
    except OSError:
        # Not every kernel has this file.
        every = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
        return [child for child in every if _parent(child) == pid]


def _title(pid: int) -> str:
    try:
        title = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return title.rstrip(b"\0 ").decode("utf-8", errors="replace")


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the parent's pid on, or [] for an ended process."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()[1:]


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[0]) if fields else 0


def _seconds(pid: int) -> float:
    """Return how many seconds of processor time a process has used."""
    fields = _stat(pid)
    return (int(fields[10]) + int(fields[11])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _memory(pid: int) -> int:
    """Return how many bytes of private memory a process uses."""
    try:
        text = (PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    found = re.search(r"RssAnon:\s+([0-9]+) kB", text)
    return int(found[1]) * 1024 if found else 0
