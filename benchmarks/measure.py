"""Whole processes, timed one beside the other: wall time and the peak of memory."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """One run of one process: seconds of wall time and megabytes of memory at its peak."""

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Compared:
    """Several pairs of runs: ours, and the peer's just before or after."""

    ours: list[Cost]
    peers: list[Cost]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios, which forgives a machine that gets slower."""
        pairs = zip(self.ours, self.peers, strict=True)
        return statistics.median(own.seconds / peer.seconds for own, peer in pairs)

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the greatest of the pairs' ratios."""
        ratios = [o.seconds / p.seconds for o, p in zip(self.ours, self.peers, strict=True)]
        return min(ratios), max(ratios)


def median(costs: Sequence[Cost]) -> Cost:
    """Return the medians of seconds and of memory."""
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.megabytes for cost in costs),
    )


def run(command: Sequence[str]) -> Cost:
    """Run a command of ours to its end."""
    begun = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    return _cost(begun, status, usage, command)


def run_shell(command: str) -> Cost:
    """Run a shell pipeline to its end; the memory is that of its largest part."""
    begun = time.monotonic()
    process = subprocess.Popen(["/bin/sh", "-c", f"set -e; {command}"])
    _, status, usage = os.wait4(process.pid, 0)
    return _cost(begun, status, usage, [command])


def compare(
    name: str,
    pairs: int,
    ours: Callable[[], Cost],
    peer: Callable[[], Cost],
    *,
    before_pair: Callable[[], object] = lambda: None,
    before_each: Callable[[], object] = lambda: None,
) -> Compared:
    """Run both so many times, each time from the same beginning, and change who is first."""
    costs: dict[str, list[Cost]] = {"ours": [], "peer": []}
    for pair in range(pairs):
        order = [("ours", ours), ("peer", peer)]
        before_pair()
        for who, action in order if pair % 2 == 0 else reversed(order):
            before_each()
            costs[who].append(action())
        sys.stderr.write(
            f"{name}: pair {pair + 1} of {pairs}: "
            f"{costs['ours'][-1].seconds:.2f} s beside {costs['peer'][-1].seconds:.2f} s\n"
        )
    return Compared(costs["ours"], costs["peer"])


def _cost(begun: float, status: int, usage: resource.struct_rusage, command: Sequence[str]) -> Cost:
    seconds = time.monotonic() - begun
    if status != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    return Cost(seconds, usage.ru_maxrss / 1024)
