"""The faults that are injected into running work: end a process, a server, or its sessions."""

import os
import signal
import time
from dataclasses import dataclass
from typing import Literal

import psycopg

from oic_assurance.settings import Settings
from oic_assurance.warehouse.cluster import SOURCES, data_dir
from oic_assurance.warehouse.connections import admin_url
from oic_assurance.warehouse.process import find_postmaster

Kind = Literal[
    "process killed",
    "server killed",
    "server stopped at once",
    "source session cut",
    "warehouse session cut",
]
EXTRACTING = [login for _, login in SOURCES.values()]


@dataclass(frozen=True)
class Fault:
    """A fault that can be injected into running work."""

    kind: Kind

    def inject(self, settings: Settings, pid: int | None = None) -> None:
        """Inject the fault now.

        A fault of the kind "process killed" kills the process `pid` or, without a `pid`, the
        process that calls this method. The other kinds ignore `pid`.
        """
        if self.kind == "process killed":
            os.kill(pid or os.getpid(), signal.SIGKILL)
            while pid is None:  # the signal is on its way
                time.sleep(1)
        elif self.kind == "server killed":
            _end_server(settings, signal.SIGKILL)
        elif self.kind == "server stopped at once":
            _end_server(settings, signal.SIGQUIT)
        else:
            _cut_sessions(settings, of_source=self.kind == "source session cut")


def _end_server(settings: Settings, signal_number: signal.Signals) -> None:
    running = find_postmaster(data_dir(settings))
    if running is not None:
        os.kill(running.pid, signal_number)


def _cut_sessions(settings: Settings, *, of_source: bool) -> None:
    """Terminate the product's database sessions, and wait up to five seconds for each to end.

    With `of_source`, terminates the sessions that read from source databases, otherwise all others.
    Does nothing if the server cannot be reached.
    """
    try:
        administrator = psycopg.connect(admin_url(settings), autocommit=True, connect_timeout=5)
    except Exception:
        return
    with administrator:
        administrator.execute(
            """
            select pg_terminate_backend(pid, 5000)
            from pg_stat_activity
            where
                backend_type = 'client backend' and pid <> pg_backend_pid()
                and (usename = any(%s)) = %s
            """,
            (EXTRACTING, of_source),
        )
