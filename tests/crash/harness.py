"""The harness: for each kill point, it restores a world, starts the work and injects a fault.

Then it runs the work again without a fault, and compares the resulting state with the state after
an uninterrupted run.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from oic_assurance.errors import AssuranceError
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import extract_url, warehouse_url
from tests.crash import evidence, leftovers, work
from tests.crash.disk import small_disk, unmount
from tests.crash.evidence import Evidence
from tests.crash.faults import Fault
from tests.crash.points import Edges, Point
from tests.crash.proxy import Proxy
from tests.crash.work import Job, JobReport
from tests.crash.world import AS_AT, Template, assurance, end_server, environment

#: The seconds within which interrupted work must end, whether it succeeds or fails.
PATIENCE = 300.0
#: The seconds that an `assurance` command spends on imports before its work begins.
STARTING_SECONDS = 2.0
#: For each world, the most bytes that a landing sends over one connection. The proxy cuts a
#: connection before it has sent that many, because a later cut would never happen.
STREAMED_BYTES = {"first": 4_000_000, "second": 800_000}
#: For each world and folder, the most bytes that a small disk has left: about as many as the
#: landing of one day needs.
ROOM_BYTES = {
    ("first", "batches"): 700_000,
    ("second", "batches"): 150_000,
    ("first", "postgres"): 24_000_000,
    ("second", "postgres"): 3_000_000,
}
#: Errors that make a kill point count as not converged, for example because a server does not
#: start.
FAILURES = (AssuranceError, psycopg.Error, OSError, RuntimeError, subprocess.SubprocessError)
RERUN = "rerun"
KILLED = "killed"


@dataclass(frozen=True)
class Reference:
    """The state after an uninterrupted run: fingerprints of tables, and names of tables and files.

    The state after each kill point and its re-run is compared with this state.
    """

    evidence: Evidence
    relations: list[str]
    files: list[str]


@dataclass
class Outcome:
    """The result of one kill point.

    `wrong` has a line for each failure of the re-run, and for each difference from the state after
    an uninterrupted run.
    """

    point: Point
    seconds: float = 0.0
    #: Whether the work was running when the fault happened. True if the harness cannot tell.
    interrupted: bool = True
    wrong: list[str] = field(default_factory=list)
    #: Tracebacks of the interrupted work, which should have printed a one-line message instead. A
    #: kill point with tracebacks can still converge.
    unexpected: list[str] = field(default_factory=list)

    @property
    def converged(self) -> bool:
        """Whether the state after the re-run equals the state after an uninterrupted run."""
        return not self.wrong

    def as_json(self) -> dict[str, Any]:
        """Return the result as a dictionary that can be written as JSON."""
        return {**vars(self), "point": self.point.as_json(), "converged": self.converged}


class Harness:
    """Runs kill points in one state folder, one after another."""

    def __init__(self, root: Path) -> None:
        self.template = Template(root)
        self.settings = self.template.settings
        self._environment = {"ASSURANCE_HOME": str(self.settings.home)}
        self._references: dict[str, list[Reference]] = {}
        self._seconds: dict[str, float] = {}

    # ------------------------------------------------------------ uninterrupted work

    def prepare(self) -> Edges:
        """Make both worlds. Return the edges that each kind of work reaches in each world.

        The edges are in the order in which the work reaches them.
        """
        self.template.make()
        saved = self.template.root / "edges.json"
        if not saved.exists():
            edges = {
                f"{world} {kind}": self._traced(world, kind)
                for world, kind in (("first", "landing"), ("second", "landing"), ("second", "run"))
            }
            saved.write_text(json.dumps(edges))
        # The fork server does its imports now, so that they do not count as time of the work.
        work.warm_up()
        found: Edges = json.loads(saved.read_text())
        return found

    def _traced(self, world: str, kind: str) -> list[str]:
        self.template.restore(world)
        return work.finish(replace(self._job(world, kind, RERUN), trace=True)).edges

    def _reference(self, world: str, kind: str, publications: int) -> Reference:
        """Return the state after one or two uninterrupted runs, depending on `publications`.

        A killed run may have published before it was killed. Its re-run then makes a second
        publication, so the state must be compared with the state after two uninterrupted runs. If
        neither state has this number of publications, the state after one run is returned.
        """
        name = f"{world} {kind}"
        if name not in self._references:
            self.template.restore(world)
            self._references[name] = [self._uninterrupted(world, kind, RERUN)]
            if kind == "run":
                self.template.restore(world)
                self._uninterrupted(world, kind, KILLED)
                self._references[name].append(self._uninterrupted(world, kind, RERUN))
        for reference in self._references[name]:
            if reference.evidence["audit.publication"].rows == publications:
                return reference
        return self._references[name][0]

    def _uninterrupted(self, world: str, kind: str, run_id: str) -> Reference:
        began = time.monotonic()
        report = work.finish(self._job(world, kind, run_id))
        self._seconds[f"{world} {kind}"] = time.monotonic() - began
        if report.failures or report.unexpected or leftovers.find(self.settings):
            raise RuntimeError(f"uninterrupted, {world} {kind} fails: {report}")
        return self._look()

    def _look(self) -> Reference:
        return Reference(
            evidence.gather(self.settings),
            leftovers.relations(self.settings),
            leftovers.files(self.settings),
        )

    # ------------------------------------------------------------ interrupted work

    def run(self, point: Point) -> Outcome:
        """Start a point's work, inject its fault, run the work again, and return the result."""
        world, kind = point.world, point.group.work
        self._reference(world, kind, 0)
        began = time.monotonic()
        outcome = Outcome(point)
        self._discard_disks()
        self.template.restore(world)
        try:
            getattr(self, f"_by_{point.group.means}")(point, outcome)
            self._run_again(point, outcome)
            outcome.wrong += self._compare(world, kind)
        except FAILURES as error:
            outcome.wrong.append(f"{type(error).__name__}: {error}")
        finally:
            self._discard_disks()
        outcome.seconds = round(time.monotonic() - began, 2)
        return outcome

    def _run_again(self, point: Point, outcome: Outcome) -> None:
        """Run the same work again without a fault, as the scheduler would."""
        if point.group.means == "command":
            assurance(self.settings, "run", "--as-at", AS_AT[point.world].isoformat())
            return
        report = work.finish(self._job(point.world, point.group.work, RERUN))
        outcome.wrong += [f"the re-run: {line}" for line in report.failures]
        outcome.wrong += [f"the re-run: {line}" for line in report.unexpected]

    def _compare(self, world: str, kind: str) -> list[str]:
        found = self._look()
        expected = self._reference_like(found, world, kind)
        wrong = evidence.differences(found.evidence, expected.evidence)
        wrong += leftovers.find(self.settings)
        for what, ours, theirs in (
            ("relation", found.relations, expected.relations),
            ("file", found.files, expected.files),
        ):
            wrong += [f"unexpected {what}: {name}" for name in sorted({*ours} - {*theirs})]
            wrong += [f"missing {what}: {name}" for name in sorted({*theirs} - {*ours})]
        return wrong

    def _reference_like(self, found: Reference, world: str, kind: str) -> Reference:
        return self._reference(world, kind, found.evidence["audit.publication"].rows)

    def judge_run_at(self, as_at: datetime) -> list[str]:
        """Compare the present state with the state after an uninterrupted run as at `as_at`.

        The present state must come from a run in the second world. The uninterrupted run is made in
        the same world.

        Return one line for each difference.
        """
        found, wrong = self._look(), leftovers.find(self.settings)
        self.template.restore("second")
        report = work.finish(replace(self._job("second", "run", RERUN), as_at=as_at))
        wrong += report.failures + report.unexpected
        return wrong + evidence.differences(found.evidence, self._look().evidence)

    def _by_edge(self, point: Point, outcome: Outcome) -> None:
        job = self._job(point.world, point.group.work, KILLED)
        job = replace(job, edge=point.edge, nth=point.nth, fault=Fault(point.fault))
        report = self._until_its_end(job, outcome)
        outcome.interrupted = report is None or report.reached_edge

    def _by_moment(self, point: Point, outcome: Outcome) -> None:
        delay = point.share * 1.05 * self._seconds[f"{point.world} {point.group.work}"]
        job = self._job(point.world, point.group.work, KILLED)
        self._until_its_end(job, outcome, Fault(point.fault), delay)

    def _by_command(self, point: Point, outcome: Outcome) -> None:
        """Start the command `assurance run`, and kill its process at the kill point's moment."""
        as_at = AS_AT[point.world].isoformat()
        command = [sys.executable, "-m", "oic_assurance.cli", "run", "--as-at", as_at]
        process = subprocess.Popen(
            command, env=environment(self.settings), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        whole = STARTING_SECONDS + 1.2 * self._seconds[f"{point.world} {point.group.work}"]
        try:
            process.wait(point.share * whole)
            outcome.interrupted = False
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()

    def _by_proxy(self, point: Point, outcome: Outcome) -> None:
        embedded.start(self.settings)
        source = point.group.what
        url = (
            warehouse_url(self.settings)
            if source == "warehouse"
            else extract_url(self.settings, source)
        )
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
        # Most streams are short, so most cuts come early.
        after = int(STREAMED_BYTES[point.world] ** (0.55 + 0.45 * point.share))
        with Proxy(int(parts["port"]), after) as proxy:
            through = libpq_uri({**parts, "port": str(proxy.port)})
            job = self._job(point.world, point.group.work, KILLED)
            environment = {**job.environment, f"AIRFLOW_CONN_{source.upper()}": through}
            self._until_its_end(replace(job, environment=environment), outcome)
            outcome.interrupted = proxy.has_cut

    def _by_disk(self, point: Point, outcome: Outcome) -> None:
        room = int(point.share * ROOM_BYTES[point.world, point.group.what])
        folder = self.settings.home / point.group.what
        folder.mkdir(mode=0o700, exist_ok=True)
        with small_disk(folder, room):
            job = self._job(point.world, point.group.work, KILLED)
            report = self._until_its_end(job, outcome)
            outcome.interrupted = report is None or report.failed

    def _until_its_end(
        self, job: Job, outcome: Outcome, fault: Fault | None = None, delay: float = 0.0
    ) -> JobReport | None:
        """Start a job and wait until it ends. Inject `fault`, if given, after `delay` seconds.

        Returns the job's report, or None if the job was killed before it could send a report.

        Raises:
            TimeoutError: the job does not end in time.
        """
        process, receiver = work.begin(job)
        try:
            if fault is not None:
                outcome.interrupted = not receiver.poll(delay)
                if outcome.interrupted:
                    fault.inject(self.settings, process.pid)
            if not receiver.poll(PATIENCE):
                raise TimeoutError("the work does not end")
            report: JobReport = receiver.recv()
        except EOFError:
            return None
        finally:
            process.kill()
            process.join()
            receiver.close()
        outcome.unexpected = report.unexpected
        return report

    # ------------------------------------------------------------ helpers

    def _job(self, world: str, kind: str, run_id: str) -> Job:
        return Job(kind, run_id, AS_AT[world], self._environment)

    def _discard_disks(self) -> None:
        for name in ("batches", "postgres"):
            folder = self.settings.home / name
            if folder.is_mount():
                end_server(self.settings)
                unmount(folder)
