"""Run the command line as an outside program would, and compare the marts with the oracle."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from .clock import wall
from .compare import Difference, compare, compare_restatement
from .figures import Figures, figures
from .fill import fill
from .known import learn
from .model import Step, World
from .world import make_world

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ROOT / ".venv" / "bin" / "assurance"
UNREACHABLE = "postgresql://nobody:nothing@127.0.0.1:9/nowhere"


#: A program that lands what the sources have, like the first stages of a run as at a moment.
LAND = """
import sys
from oic_assurance import clock, pipeline
from oic_assurance.settings import load_settings
settings, moment = load_settings(), clock.parse_moment(sys.argv[1])
pipeline.prepare_warehouse(settings)
for dataset in pipeline.open_run(settings, "landing", moment):
    pipeline.extract(settings, "landing", dataset)
pipeline.close_landing(settings, "landing", moment)
"""


class CommandError(Exception):
    """A command failed."""


class CommandLine:
    """Runs `assurance` commands with one state folder and one dropzone."""

    def __init__(self, home: Path) -> None:
        self.state = home / "state"
        self.dropzone = home / "dropzone"
        self.log = home / "commands.log"
        self.env = {
            **os.environ,
            "ASSURANCE_HOME": str(self.state),
            "ASSURANCE_DROPZONE": f"file://{self.dropzone}",
        }

    def call(self, *arguments: str, more: dict[str, str] | None = None) -> str:
        """Run one command and return its output.

        Raises:
            CommandError: the exit code of the command is not zero.
        """
        return self._run([str(COMMAND), *arguments], more or {})

    def land(self, moment: str) -> None:
        """Land what the sources have, as at a moment, without computing any figure."""
        self._run([sys.executable, "-c", LAND, moment], {})

    def run(self, moment: str, down: dict[str, str]) -> None:
        """Make a run as at a moment, whose publication readers see even if the moment is earlier.

        `down` has the connections of sources that are unavailable.
        """
        # In some worlds, corrections make a missed deadline met, and a person decides about it.
        try:
            self.call("run", "--as-at", moment, "--make-current", more=down)
        except CommandError as error:
            waiting = re.search(r"publication approve (\d+)", str(error))
            if waiting is None:
                raise
            self.call("publication", "approve", waiting[1], "--reason", "the records are corrected")

    def _run(self, command: list[str], more: dict[str, str]) -> str:
        started = time.monotonic()
        done = subprocess.run(
            command,
            env={**self.env, **more},
            cwd=self.state.parent,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        took = time.monotonic() - started
        with self.log.open("a", encoding="utf-8") as out:
            out.write(f"$ {' '.join(command)}  [{done.returncode}, {took:.1f} s]\n")
            out.write(done.stdout + done.stderr + "\n")
        if done.returncode:
            raise CommandError(
                f"{command[1:]}: exit {done.returncode}: {done.stderr.strip()[-600:]}"
            )
        return done.stdout

    def url(self, name: str) -> str:
        """Return a login's database URL. Contract: "`url` prints one line"."""
        return self.call("db", "url", name).strip()


def prepare(home: Path) -> CommandLine:
    """Delete the folder `home`, and make it again with a state folder and empty sources."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    outsider = CommandLine(home)
    outsider.dropzone.mkdir()
    outsider.call("db", "start")
    outsider.call("sources", "create")
    return outsider


class Outsider(Protocol):
    """Whoever makes the runs: `CommandLine`, or a test that calls the stages itself."""

    @property
    def dropzone(self) -> Path: ...

    def url(self, name: str) -> str: ...

    def land(self, moment: str) -> None: ...

    def run(self, moment: str, down: dict[str, str]) -> None: ...


@dataclass
class Rounds:
    """The runs in one state folder.

    `filled` is the number of the last step that was written into the sources. `last` has the
    oracle's figures for the last run.
    """

    outsider: Outsider
    world: World
    filled: int = -1
    last: Figures | None = None

    def fill_to(self, step: int) -> None:
        """Fill the sources with each step that they do not have yet, up to the step `step`."""
        while self.filled < step:
            self.filled += 1
            rms, intelligence = self.outsider.url("rms"), self.outsider.url("intelligence")
            fill(self.world.steps[self.filled], rms, intelligence, self.outsider.dropzone)

    def land(self, moment: str) -> None:
        """Land what the sources have, as at a moment, without computing any figure."""
        self.outsider.land(moment)
        self._reconciled()

    def run(self, moment: str, failed: frozenset[str] = frozenset()) -> list[Difference]:
        """Run the pipeline as at a moment, and return the differences from the oracle."""
        if moment == "now":
            moment = datetime.now(UTC).isoformat(timespec="seconds")
        down = {f"AIRFLOW_CONN_{name.upper()}": UNREACHABLE for name in failed}
        try:
            self.outsider.run(moment, down)
        except CommandError as failure:
            return [Difference("run", moment, "exit", 0, str(failure))]
        steps, now = self._reconciled()
        expected = figures(learn(steps), wall(moment), now, failed)
        bi = self.outsider.url("bi")
        found = compare(expected, bi)
        if self.last is not None and self.last.as_at == expected.as_at:
            found += compare_restatement(self.last, expected, bi)
        self.last = expected
        return found

    def _reconciled(self) -> tuple[list[Step], datetime]:
        """Note that every step so far has been landed by now. Return the steps, and now."""
        now = datetime.now(UTC)
        steps = self.world.steps[: self.filled + 1]
        for seen in steps:
            seen.reconciled_at = seen.reconciled_at or now
        return steps, now


def check(
    seed: int,
    home: Path,
    moments: list[str] | None = None,
    later: list[str] | None = None,
    *,
    source_down: bool = False,
) -> Iterator[tuple[str, list[Difference]]]:
    """Make the world of a seed, and run the pipeline in it several times.

    The first runs are as at each of `moments`, while the sources are in the state of step 0. The
    other runs are as at each of `later`, while the sources are in the state of step 1, which is one
    day later. If `moments` is empty, step 0 is landed, but no run is made for it. With
    `source_down`, there is a last run in which the intelligence system is unavailable. Yields a
    title and the differences for each run.
    """
    world = make_world(seed)
    plan = [(0, moment) for moment in (world.moments if moments is None else moments)]
    plan += [(1, moment) for moment in (world.later if later is None else later)]
    outsider = prepare(home)
    try:
        rounds = Rounds(outsider, world)
        if moments == []:
            rounds.fill_to(0)
            rounds.land(world.moments[0])
        for step, moment in plan:
            rounds.fill_to(step)
            yield f"step {step} as at {moment}", rounds.run(moment)
        if source_down:
            failed = frozenset({"intelligence"})
            yield "intelligence down", rounds.run("2026-06-21T05:30", failed)
        outsider.call("quarantine", "list")
    finally:
        outsider.call("db", "stop")
