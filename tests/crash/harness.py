"""One kill point: the world as it was, the work, what happens to it, the work again, the look."""

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
from tests.crash.deeds import Deed
from tests.crash.disk import small_disk, take_away
from tests.crash.evidence import Evidence
from tests.crash.points import Edges, Point
from tests.crash.proxy import Proxy
from tests.crash.work import Account, Order
from tests.crash.world import AS_AT, Template, assurance, end_server, environment

#: Nothing that is disturbed takes longer than this to end, one way or the other.
PATIENCE = 300.0
#: A command imports for this long before it does anything.
STARTING_SECONDS = 2.0
#: What a landing sends at most: beyond it nothing would be cut.
STREAMED_BYTES = {"first": 4_000_000, "second": 800_000}
#: The most room that a disk has left: about what the landing of a day needs.
ROOM_BYTES = {
    ("first", "batches"): 700_000,
    ("second", "batches"): 150_000,
    ("first", "postgres"): 24_000_000,
    ("second", "postgres"): 3_000_000,
}
#: What shows that there is no coming back, as when the server does not start again.
FAILURES = (AssuranceError, psycopg.Error, OSError, RuntimeError, subprocess.SubprocessError)
AGAIN = "again"
KILLED = "killed"


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run leaves."""

    evidence: Evidence
    relations: list[str]
    files: list[str]


@dataclass
class Outcome:
    """What came of a kill point."""

    point: Point
    seconds: float = 0.0
    #: Whether the work was under way when it happened, as far as can be told.
    interrupted: bool = True
    wrong: list[str] = field(default_factory=list)
    #: Failures that the work told in a traceback instead of a line; no matter of convergence.
    untold: list[str] = field(default_factory=list)

    @property
    def converged(self) -> bool:
        """Tell whether nothing is otherwise than undisturbed."""
        return not self.wrong

    def as_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return {**vars(self), "point": self.point.as_json(), "converged": self.converged}


class Harness:
    """Runs kill points in one state folder, one after the other."""

    def __init__(self, root: Path) -> None:
        self.template = Template(root)
        self.settings = self.template.settings
        self._environment = {"ASSURANCE_HOME": str(self.settings.home)}
        self._references: dict[str, list[Reference]] = {}
        self._seconds: dict[str, float] = {}

    # ------------------------------------------------------------ undisturbed

    def prepare(self) -> Edges:
        """Make the world, and return the edges of each kind of work in it."""
        self.template.make()
        kept = self.template.root / "edges.json"
        if not kept.exists():
            edges = {
                f"{world} {kind}": self._traced(world, kind)
                for world, kind in (("first", "landing"), ("second", "landing"), ("second", "run"))
            }
            kept.write_text(json.dumps(edges))
        # What the children share is imported now, so that no time is taken of it.
        work.warm_up()
        found: Edges = json.loads(kept.read_text())
        return found

    def _traced(self, world: str, kind: str) -> list[str]:
        self.template.restore(world)
        return work.finish(replace(self._order(world, kind, AGAIN), trace=True)).edges

    def _reference(self, world: str, kind: str, publications: int) -> Reference:
        """Return what undisturbed work leaves: once, or twice where a killed run had published."""
        name = f"{world} {kind}"
        if name not in self._references:
            self.template.restore(world)
            self._references[name] = [self._undisturbed(world, kind, AGAIN)]
            if kind == "run":
                self.template.restore(world)
                self._undisturbed(world, kind, KILLED)
                self._references[name].append(self._undisturbed(world, kind, AGAIN))
        for reference in self._references[name]:
            if reference.evidence["audit.publication"].rows == publications:
                return reference
        return self._references[name][0]

    def _undisturbed(self, world: str, kind: str, run_id: str) -> Reference:
        began = time.monotonic()
        account = work.finish(self._order(world, kind, run_id))
        self._seconds[f"{world} {kind}"] = time.monotonic() - began
        if account.failures or account.unexpected or leftovers.find(self.settings):
            raise RuntimeError(f"undisturbed, {world} {kind} does not work: {account}")
        return self._look()

    def _look(self) -> Reference:
        return Reference(
            evidence.gather(self.settings),
            leftovers.relations(self.settings),
            leftovers.files(self.settings),
        )

    # ------------------------------------------------------------ killed

    def run(self, point: Point) -> Outcome:
        """Run a kill point, and the work again after it."""
        world, kind = point.world, point.group.work
        self._reference(world, kind, 0)
        began = time.monotonic()
        outcome = Outcome(point)
        self._discard_disks()
        self.template.restore(world)
        try:
            getattr(self, f"_by_{point.group.means}")(point, outcome)
            self._again(point, outcome)
            outcome.wrong += self._compare(world, kind)
        except FAILURES as error:
            outcome.wrong.append(f"{type(error).__name__}: {error}")
        finally:
            self._discard_disks()
        outcome.seconds = round(time.monotonic() - began, 2)
        return outcome

    def _again(self, point: Point, outcome: Outcome) -> None:
        """Run what the scheduler would run next, undisturbed."""
        if point.group.means == "command":
            assurance(self.settings, "run", "--as-at", AS_AT[point.world].isoformat())
            return
        account = work.finish(self._order(point.world, point.group.work, AGAIN))
        outcome.wrong += [f"the run after it: {line}" for line in account.failures]
        outcome.wrong += [f"the run after it: {line}" for line in account.unexpected]

    def _compare(self, world: str, kind: str) -> list[str]:
        found = self._look()
        expected = self._reference_like(found, world, kind)
        wrong = evidence.differences(found.evidence, expected.evidence)
        wrong += leftovers.find(self.settings)
        for what, ours, theirs in (
            ("relation", found.relations, expected.relations),
            ("file", found.files, expected.files),
        ):
            wrong += [f"one {what} more: {name}" for name in sorted({*ours} - {*theirs})]
            wrong += [f"one {what} less: {name}" for name in sorted({*theirs} - {*ours})]
        return wrong

    def _reference_like(self, found: Reference, world: str, kind: str) -> Reference:
        return self._reference(world, kind, found.evidence["audit.publication"].rows)

    def judge_run_at(self, as_at: datetime) -> list[str]:
        """Compare what a run for a moment has left in the second world with an undisturbed one."""
        found, wrong = self._look(), leftovers.find(self.settings)
        self.template.restore("second")
        account = work.finish(replace(self._order("second", "run", AGAIN), as_at=as_at))
        wrong += account.failures + account.unexpected
        return wrong + evidence.differences(found.evidence, self._look().evidence)

    def _by_edge(self, point: Point, outcome: Outcome) -> None:
        order = self._order(point.world, point.group.work, KILLED)
        order = replace(order, edge=point.edge, nth=point.nth, deed=Deed(point.deed))
        account = self._until_its_end(order, outcome)
        outcome.interrupted = account is None or account.met

    def _by_moment(self, point: Point, outcome: Outcome) -> None:
        delay = point.share * 1.05 * self._seconds[f"{point.world} {point.group.work}"]
        order = self._order(point.world, point.group.work, KILLED)
        self._until_its_end(order, outcome, Deed(point.deed), delay)

    def _by_command(self, point: Point, outcome: Outcome) -> None:
        """Kill `assurance run`, which runs the DAG in its own process."""
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
            order = self._order(point.world, point.group.work, KILLED)
            environment = {**order.environment, f"AIRFLOW_CONN_{source.upper()}": through}
            self._until_its_end(replace(order, environment=environment), outcome)
            outcome.interrupted = proxy.has_cut

    def _by_disk(self, point: Point, outcome: Outcome) -> None:
        room = int(point.share * ROOM_BYTES[point.world, point.group.what])
        folder = self.settings.home / point.group.what
        folder.mkdir(mode=0o700, exist_ok=True)
        with small_disk(folder, room):
            order = self._order(point.world, point.group.work, KILLED)
            account = self._until_its_end(order, outcome)
            outcome.interrupted = account is None or account.failed

    def _until_its_end(
        self, order: Order, outcome: Outcome, deed: Deed | None = None, delay: float = 0.0
    ) -> Account | None:
        """Let work come to its end, with a deed after a while; None when it told nothing."""
        process, receiver = work.begin(order)
        try:
            if deed is not None:
                outcome.interrupted = not receiver.poll(delay)
                if outcome.interrupted:
                    deed.do(self.settings, process.pid)
            if not receiver.poll(PATIENCE):
                raise TimeoutError("the work neither ends nor goes on")
            account: Account = receiver.recv()
        except EOFError:
            return None
        finally:
            process.kill()
            process.join()
            receiver.close()
        outcome.untold = account.unexpected
        return account

    # ------------------------------------------------------------ the rest

    def _order(self, world: str, kind: str, run_id: str) -> Order:
        return Order(kind, run_id, AS_AT[world], self._environment)

    def _discard_disks(self) -> None:
        for name in ("batches", "postgres"):
            folder = self.settings.home / name
            if folder.is_mount():
                end_server(self.settings)
                take_away(folder)
