"""The work that is killed: the tasks of a day's run, one after another in one process.

Each job runs in a child of a fork server that has already imported dbt and Great Expectations. The
child need not repeat these imports, which take seconds. So a kill point takes only the time of the
work itself.
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
from tests.crash.faults import Fault

IMPORTED_ONCE = ["dbt.cli.main", "dbt.adapters.postgres", "great_expectations", "tests.crash.work"]
context = get_context("forkserver")
context.set_forkserver_preload(IMPORTED_ONCE)


@dataclass(frozen=True)
class Job:
    """The work of a child process, and the fault that hits it.

    The fault is injected when the work reaches `edge` for the `nth` time. With `trace`, the child
    reports all edges that it reaches.
    """

    work: str
    run_id: str
    as_at: datetime
    environment: dict[str, str]
    edge: str | None = None
    nth: int = 1
    fault: Fault | None = None
    trace: bool = False


@dataclass
class JobReport:
    """The report that a child process sends when it ends.

    `published` is the number of the publication, if the job made one. `failures` lists the one-line
    message of each failed step. `edges` lists the edges that the child reached, if they are traced.
    """

    published: int | None = None
    #: Whether the child reached the edge at which its fault is injected.
    reached_edge: bool = False
    failures: list[str] = field(default_factory=list)
    #: Tracebacks of exceptions that the product did not turn into a one-line message.
    unexpected: list[str] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether any step failed."""
        return bool(self.failures or self.unexpected)


def warm_up() -> None:
    """Start the fork server, so that it imports everything that the children need.

    A first child starts the fork server, and does nothing else.
    """
    process = context.Process(target=gc.disable)
    process.start()
    process.join()


def begin(job: Job) -> tuple[ForkServerProcess, Connection]:
    """Start a child process for a job. Return the process and the connection for its report.

    If the child is killed, the connection ends without a report.
    """
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(job, sender), daemon=True)
    process.start()
    sender.close()
    return process, receiver


def finish(job: Job, patience: float = 300.0) -> JobReport:
    """Run a job that has no fault to its end, and return its report.

    Raises:
        RuntimeError: the child ended without a report.
        TimeoutError: the child does not end within `patience` seconds.
    """
    process, receiver = begin(job)
    try:
        if not receiver.poll(patience):
            raise TimeoutError(f"{job.work} {job.run_id} does not end")
        report = receiver.recv()
    except EOFError as error:
        process.join()
        raise RuntimeError(f"{job.work} {job.run_id} ended: {process.exitcode}") from error
    finally:
        if process.is_alive() and not receiver.closed:
            process.join(1)
        process.kill()
        process.join()
        receiver.close()
    assert isinstance(report, JobReport)
    return report


def _child(job: Job, sender: Connection) -> None:
    for name in [n for n in os.environ if n.startswith(("AIRFLOW_", "ASSURANCE_", "PG"))]:
        del os.environ[name]
    os.environ.update(job.environment)
    gc.disable()
    report = JobReport()
    _silence()
    settings = load_settings()
    if job.edge is not None or job.trace:
        edges.watch(job.work, _Edge(job, report, settings))
    day = _Day(settings, job, report)
    from oic_assurance.warehouse.process_lock import only_one

    with only_one(settings, "run"):
        (day.land if job.work == "landing" else day.run)()
    sender.send(report)


class _Edge:
    """Injects a job's fault when the job reaches its edge. Also records edges for a trace."""

    def __init__(self, job: Job, report: JobReport, settings: Settings) -> None:
        self._job, self._report, self._settings = job, report, settings
        self._left = job.nth
        self._busy = False

    def __call__(self, edge: str) -> None:
        if self._busy:
            return
        if self._job.trace:
            self._report.edges.append(edge)
        if edge == self._job.edge:
            self._left -= 1
            if self._left == 0 and self._job.fault is not None:
                self._busy = self._report.reached_edge = True
                self._job.fault.inject(self._settings)
                self._busy = False


class _Day:
    """Runs the stages of a day in the order of the DAG.

    If a stage fails, later stages that depend on it do not run.
    """

    def __init__(self, settings: Settings, job: Job, report: JobReport) -> None:
        self._settings, self._job, self._report = settings, job, report

    def land(self) -> None:
        """Open a run and land every dataset."""
        if self._step(self._extract_all):
            runs.close_run(self._settings, self._job.run_id)

    def run(self) -> None:
        """Run all stages of a daily run."""
        self._step(self._to_publication)
        self._step(lambda: pipeline.document(self._settings, self._job.run_id))
        self._step(self._close)

    def _extract_all(self) -> None:
        pipeline.prepare_warehouse(self._settings)
        opened = pipeline.open_run(self._settings, self._job.run_id, self._job.as_at)
        for dataset in opened:
            self._step(
                lambda dataset=dataset: pipeline.extract(  # type: ignore[misc]
                    self._settings, self._job.run_id, dataset
                )
            )

    def _to_publication(self) -> None:
        settings, run_id = self._settings, self._job.run_id
        self._extract_all()
        build_id = pipeline.close_landing(settings, run_id, self._job.as_at)
        pipeline.build_marts(settings, run_id, build_id)
        pipeline.audit(settings, run_id, build_id, "landing")
        pipeline.audit(settings, run_id, build_id, "marts")
        pipeline.seal_marts(settings, run_id, build_id)
        pipeline.audit(settings, run_id, build_id, "sealed")
        self._report.published = pipeline.publish(settings, run_id, build_id)
        pipeline.tidy(settings)

    def _close(self) -> None:
        try:
            pipeline.close_run(self._settings, self._job.run_id)
        finally:
            pipeline.close_ended(self._settings, lambda _: True)

    def _step(self, step: Callable[[], Any]) -> bool:
        try:
            step()
        except AssuranceError as error:
            self._report.failures.append(f"{type(error).__name__}: {error.message}")
            return False
        except Exception:
            self._report.unexpected.append(traceback.format_exc(limit=-12))
            return False
        return True


def _silence() -> None:
    """Send everything that this process prints to /dev/null.

    The file descriptors are redirected, because libraries' child processes print too.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(null, 1)
    os.dup2(null, 2)
