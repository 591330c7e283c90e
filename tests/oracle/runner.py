"""Run the command line as an outside program would, and compare the marts with the oracle."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .clock import wall
from .compare import Difference, compare, compare_restatement
from .figures import Figures, figures
from .fill import fill
from .known import learn
from .model import World
from .world import make_world

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ROOT / ".venv" / "bin" / "assurance"
UNREACHABLE = "postgresql://nobody:nothing@127.0.0.1:9/nowhere"


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
        started = time.monotonic()
        done = subprocess.run(
            [str(COMMAND), *arguments],
            env={**self.env, **(more or {})},
            cwd=self.state.parent,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        took = time.monotonic() - started
        with self.log.open("a", encoding="utf-8") as out:
            out.write(f"$ assurance {' '.join(arguments)}  [{done.returncode}, {took:.1f} s]\n")
            out.write(done.stdout + done.stderr + "\n")
        if done.returncode:
            raise CommandError(f"{arguments}: exit {done.returncode}: {done.stderr.strip()[-600:]}")
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


@dataclass
class Rounds:
    """The runs in one state folder.

    `filled` is the number of the last step that was written into the sources. `last` has the
    oracle's figures for the last run.
    """

    outsider: CommandLine
    world: World
    filled: int = -1
    last: Figures | None = None

    def fill_to(self, step: int) -> None:
        """Fill the sources with each step that they do not have yet, up to the step `step`."""
        while self.filled < step:
            self.filled += 1
            rms, intelligence = self.outsider.url("rms"), self.outsider.url("intelligence")
            fill(self.world.steps[self.filled], rms, intelligence, self.outsider.dropzone)

    def run(self, moment: str, failed: frozenset[str] = frozenset()) -> list[Difference]:
        """Run the pipeline as at a moment, and return the differences from the oracle."""
        if moment == "now":
            moment = datetime.now(UTC).isoformat(timespec="seconds")
        down = {f"AIRFLOW_CONN_{name.upper()}": UNREACHABLE for name in failed}
        try:
            self.outsider.call("run", "--as-at", moment, more=down)
        except CommandError as failure:
            return [Difference("run", moment, "exit", 0, str(failure))]
        now = datetime.now(UTC)
        steps = self.world.steps[: self.filled + 1]
        for seen in steps:
            seen.reconciled_at = seen.reconciled_at or now
        expected = figures(learn(steps), wall(moment), now, failed)
        bi = self.outsider.url("bi")
        found = compare(expected, bi)
        if self.last is not None and self.last.as_at == expected.as_at:
            found += compare_restatement(self.last, expected, bi)
        self.last = expected
        return found


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
    day later. With `source_down`, there is a last run in which the intelligence system is
    unavailable. Yields a title and the differences for each run.
    """
    world = make_world(seed)
    plan = [(0, moment) for moment in (world.moments if moments is None else moments)]
    plan += [(1, moment) for moment in (world.later if later is None else later)]
    outsider = prepare(home)
    try:
        rounds = Rounds(outsider, world)
        for step, moment in plan:
            rounds.fill_to(step)
            yield f"step {step} as at {moment}", rounds.run(moment)
        if source_down:
            failed = frozenset({"intelligence"})
            yield "intelligence down", rounds.run("2026-06-21T05:30", failed)
        outsider.call("quarantine", "list")
    finally:
        outsider.call("db", "stop")
