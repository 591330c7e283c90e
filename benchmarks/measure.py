"""Run processes in pairs and measure their wall time and peak memory.

One process of a pair lands rows with this project. The other, the peer, loads the same rows in a
simpler way.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).with_name("assurance")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """The cost of one process: wall time in seconds, peak memory in megabytes."""

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Compared:
    """The costs of pairs of runs: one run of this project and one of the peer in each pair.

    The second run of a pair starts directly after the first.
    """

    ours: list[Cost]
    peers: list[Cost]

    @property
    def ratio(self) -> float:
        """The median, over all pairs, of this project's time divided by the peer's time.

        If the machine becomes slower, both runs of a pair take longer, and their ratio hardly
        changes.
        """
        return statistics.median(self._ratios())

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest ratio of the times, over all pairs."""
        ratios = self._ratios()
        return min(ratios), max(ratios)

    def _ratios(self) -> list[float]:
        pairs = zip(self.ours, self.peers, strict=True)
        return [ours.seconds / peer.seconds for ours, peer in pairs]


def assurance(home: Path, *arguments: str, who: str = "") -> str:
    """Run an `assurance` command on a state folder, and return its output.

    Raises:
        SystemExit: the command failed. The message begins with `who`.
    """
    done = subprocess.run(
        [COMMAND, *arguments],
        env={**os.environ, "ASSURANCE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{who} {' '.join(arguments)}: {done.stdout}{done.stderr.strip()}".strip())
    return done.stdout


def server_seconds(home: Path) -> float:
    """Return the processor seconds of a state folder's server, also of processes that have ended.

    They are counted since the server was started.
    """
    pidfile = home / "postgres" / "data" / "postmaster.pid"
    postmaster = int(pidfile.read_text().splitlines()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    ticks = sum(_ticks(postmaster)) + sum(sum(_ticks(int(pid))[:2]) for pid in children)
    return ticks / TICKS


def _ticks(pid: int) -> list[int]:
    """Return the user and system ticks of a process, and those of its ended children.

    A process that has just ended has none. Its parent counts them from then on.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return [0, 0, 0, 0]
    return [int(field) for field in fields[11:15]]


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median wall time and the median memory of several runs."""
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.megabytes for cost in costs),
    )


def run(command: Sequence[str]) -> Cost:
    """Run a command and return the cost of its process.

    Raises:
        SystemExit: the command failed.
    """
    started = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    return _cost(started, status, usage, command)


def run_shell(command: str) -> Cost:
    """Run a shell pipeline and return its cost.

    The memory in the cost is the peak memory of the pipeline's largest process.

    Raises:
        SystemExit: the pipeline failed.
    """
    started = time.monotonic()
    process = subprocess.Popen(["/bin/sh", "-c", f"set -e; {command}"])
    _, status, usage = os.wait4(process.pid, 0)
    return _cost(started, status, usage, [command])


def compare(
    name: str,
    pairs: int,
    ours: Callable[[], Cost],
    peer: Callable[[], Cost],
    *,
    before_pair: Callable[[], object] = lambda: None,
    before_each: Callable[[], object] = lambda: None,
) -> Compared:
    """Run this project and the peer once in each pair, and return the costs.

    The two sides take turns to run first.

    Args:
        name: The name of the comparison, for the progress messages.
        pairs: How many pairs to run.
        ours: Runs this project once and returns the cost.
        peer: Runs the peer once and returns the cost.
        before_pair: Called before each pair.
        before_each: Called before each run, to restore the same starting state.
    """
    costs: dict[str, list[Cost]] = {"ours": [], "peer": []}
    for pair in range(pairs):
        order = [("ours", ours), ("peer", peer)]
        before_pair()
        for side, action in order if pair % 2 == 0 else reversed(order):
            before_each()
            costs[side].append(action())
        sys.stderr.write(
            f"{name}: pair {pair + 1} of {pairs}: "
            f"ours {costs['ours'][-1].seconds:.2f} s, peer {costs['peer'][-1].seconds:.2f} s\n"
        )
    return Compared(costs["ours"], costs["peer"])


def _cost(
    started: float, status: int, usage: resource.struct_rusage, command: Sequence[str]
) -> Cost:
    seconds = time.monotonic() - started
    if status != 0:
        raise SystemExit(f"{' '.join(command)} failed with wait status {status}.")
    return Cost(seconds, usage.ru_maxrss / 1024)
