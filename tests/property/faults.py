"""Inject a fault at a chosen step of a landing: its process ends, or a session is cut.

A step is the moment before a statement, before a chunk of a COPY, or before or after a commit. The
end of the process is simulated with an exception, so `finally` blocks still run. The tests in
`tests/crash` kill real processes, in which no more code runs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
import pytest

from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import admin_url

SOURCES = ("rms", "intelligence")


class ProcessEnded(BaseException):
    """Raised where the process should end. As a BaseException, it passes through error handlers."""


@dataclass(frozen=True)
class Fault:
    """A kind of fault, and the number of the step at which it happens. The first step is 1."""

    kind: Literal["process ends", "warehouse session cut", "source session cut"]
    step: int


@contextmanager
def inject(settings: Settings, fault: Fault) -> Iterator[None]:
    """Inject a fault into the block. The steps on all connections are counted together."""
    with (
        psycopg.connect(admin_url(settings), autocommit=True) as administrator,
        pytest.MonkeyPatch.context() as patch,
    ):
        _watch(patch, _Injector(fault, administrator))
        yield


class _Injector:
    """Counts steps, and causes the fault at the chosen step."""

    def __init__(self, fault: Fault, administrator: psycopg.Connection) -> None:
        self._fault = fault
        self._administrator = administrator
        self._steps = 0
        self._sessions: dict[int, bool] = {}

    def step(self, connection: psycopg.Connection) -> None:
        """Count a step on a connection. If it is the chosen step, cause the fault."""
        if connection is self._administrator:
            return
        if not connection.closed:
            self._sessions[connection.info.backend_pid] = connection.info.dbname in SOURCES
        self._steps += 1
        if self._steps != self._fault.step:
            return
        if self._fault.kind == "process ends":
            raise ProcessEnded
        for pid, is_source in list(self._sessions.items()):
            if is_source == (self._fault.kind == "source session cut"):
                # The call waits until the session has ended, so that the session's next statement
                # fails.
                self._administrator.execute("select pg_terminate_backend(%s, 5000)", (pid,))


def _watch(patch: pytest.MonkeyPatch, injector: _Injector) -> None:
    execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy
    write, transaction = psycopg.Copy.write, psycopg.Connection.transaction

    def with_step(real: Callable[..., Any]) -> Callable[..., Any]:
        def watched(self: Any, *arguments: Any, **options: Any) -> Any:
            injector.step(getattr(self, "connection", None) or self.cursor.connection)
            return real(self, *arguments, **options)

        return watched

    @contextmanager
    def around_the_commit(self: psycopg.Connection, *arguments: Any, **options: Any) -> Any:
        with transaction(self, *arguments, **options) as inside:
            yield inside
            injector.step(self)
        injector.step(self)

    patch.setattr(psycopg.Cursor, "execute", with_step(execute))
    patch.setattr(psycopg.Cursor, "copy", with_step(copy))
    patch.setattr(psycopg.Copy, "write", with_step(write))
    patch.setattr(psycopg.Connection, "transaction", around_the_commit)
