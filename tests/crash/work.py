"""What is killed: the work of a day, as the scheduler's tasks do it, in one process.

Each runs in a child of a server that has imported what takes seconds (dbt, Great Expectations), so
that a kill point costs the work alone.
"""

import gc
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from oic_assurance import pipeline
from oic_assurance.builds import runs
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings, load_settings
from tests.crash import edges
from tests.crash.deeds import Deed

IMPORTED_ONCE = ["dbt.cli.main", "dbt.adapters.postgres", "great_expectations", "tests.crash.work"]
context = get_context("forkserver")
context.set_forkserver_preload(IMPORTED_ONCE)


@dataclass(frozen=True)
class Order:
    """What a child is told to do, and what happens to it at which edge."""

    work: str
    run_id: str
    as_at: datetime
    environment: dict[str, str]
    edge: str | None = None
    nth: int = 1
    deed: Deed | None = None
    trace: bool = False


@dataclass
class Account:
    """What a child tells when it comes to its end."""

    published: int | None = None
    #: Whether it came to the edge that something was to happen at.
    met: bool = False
    failures: list[str] = field(default_factory=list)
    #: Exceptions that nobody turned into a line for people.
    unexpected: list[str] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Tell whether any of it went wrong."""
        return bool(self.failures or self.unexpected)


def warm_up() -> None:
    """Let the server of children import all it needs."""
    process = context.Process(target=gc.disable)
    process.start()
    process.join()


def begin(order: Order) -> tuple[ForkServerProcess, Connection]:
    """Start a child; its account comes over the connection, unless it is killed."""
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(order, sender), daemon=True)
    process.start()
    sender.close()
    return process, receiver


def finish(order: Order, patience: float = 300.0) -> Account:
    """Do the work undisturbed, to its end."""
    process, receiver = begin(order)
    try:
        if not receiver.poll(patience):
            raise TimeoutError(f"{order.work} {order.run_id} does not end")
        account = receiver.recv()
    except EOFError as error:
        process.join()
        raise RuntimeError(f"{order.work} {order.run_id} ended: {process.exitcode}") from error
    finally:
        if process.is_alive() and not receiver.closed:
            process.join(1)
        process.kill()
        process.join()
        receiver.close()
    assert isinstance(account, Account)
    return account


def _child(order: Order, sender: Connection) -> None:
    for name in [n for n in os.environ if n.startswith(("AIRFLOW_", "ASSURANCE_", "PG"))]:
        del os.environ[name]
    os.environ.update(order.environment)
    gc.disable()
    account = Account()
    _silence()
    settings = load_settings()
    if order.edge is not None or order.trace:
        edges.watch(order.work, _Edge(order, account, settings))
    day = _Day(settings, order, account)
    from oic_assurance.platform.one_at_a_time import only_one

    with only_one(settings, "run"):
        (day.land if order.work == "landing" else day.run)()
    sender.send(account)


class _Edge:
    """Waits for the edge that something happens at."""

    def __init__(self, order: Order, account: Account, settings: Settings) -> None:
        self._order, self._account, self._settings = order, account, settings
        self._left = order.nth
        self._busy = False

    def __call__(self, edge: str) -> None:
        if self._busy:
            return
        if self._order.trace:
            self._account.edges.append(edge)
        if edge == self._order.edge:
            self._left -= 1
            if self._left == 0 and self._order.deed is not None:
                self._busy = self._account.met = True
                self._order.deed.do(self._settings)
                self._busy = False


class _Day:
    """The stages in the order of the DAG; one that fails stops what rests on it."""

    def __init__(self, settings: Settings, order: Order, account: Account) -> None:
        self._settings, self._order, self._account = settings, order, account

    def land(self) -> None:
        """Open a run, and land every dataset."""
        if self._step(self._extract_all):
            runs.close_run(self._settings, self._order.run_id)

    def run(self) -> None:
        """Do all that a daily run does."""
        self._step(self._to_publication)
        self._step(lambda: pipeline.document(self._settings, self._order.run_id))
        self._step(self._close)

    def _extract_all(self) -> None:
        pipeline.prepare_warehouse(self._settings)
        opened = pipeline.open_run(self._settings, self._order.run_id, self._order.as_at)
        for dataset in opened:
            self._step(
                lambda dataset=dataset: pipeline.extract(  # type: ignore[misc]
                    self._settings, self._order.run_id, dataset
                )
            )

    def _to_publication(self) -> None:
        settings, run_id = self._settings, self._order.run_id
        self._extract_all()
        build_id = pipeline.close_landing(settings, run_id, self._order.as_at)
        pipeline.build_marts(settings, run_id, build_id)
        pipeline.audit(settings, run_id, build_id, "landing")
        pipeline.audit(settings, run_id, build_id, "marts")
        pipeline.seal_marts(settings, run_id, build_id)
        pipeline.audit(settings, run_id, build_id, "sealed")
        self._account.published = pipeline.publish(settings, run_id, build_id)
        pipeline.tidy(settings)

    def _close(self) -> None:
        try:
            pipeline.close_run(self._settings, self._order.run_id)
        finally:
            pipeline.mark_failed(self._settings, self._order.run_id, "run failed")

    def _step(self, step: Callable[[], Any]) -> bool:
        try:
            step()
        except AssuranceError as error:
            self._account.failures.append(f"{type(error).__name__}: {error.message}")
            return False
        except Exception:
            self._account.unexpected.append(traceback.format_exc(limit=-12))
            return False
        return True


def _silence() -> None:
    """Send what libraries print away; descriptors, since their children print too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
