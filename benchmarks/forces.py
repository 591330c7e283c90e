"""Measure many forces on this machine: first load, a day, disk and memory, and what a force costs.

`python -m benchmarks.forces [--forces N]… [--years N]… [--at-once N]… [--home FOLDER]`

The benchmark makes a deployment with as many forces as the largest number, each on a server of its
own and with a made-up history. The sizes of the forces repeat, so every fourth number of forces has
the same mixture. It measures their first load, and then days: for each number of
forces, they get one more day of data, and `assurance run` makes the run of each, as many at once
as there are processors. The day of sixteen forces is measured with each number of `--at-once` too.

`python -m benchmarks.forces --model` computes how long a night takes for other numbers of forces
and machines, from the costs that were measured.
"""

import argparse
import heapq
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import yaml

from benchmarks.measure import assurance, server_seconds
from benchmarks.table import measured_on, write_between
from oic_assurance.clock import london_day, utc_now
from oic_assurance.settings import force_areas

BEGIN, END = "<!-- begin: written by `python -m benchmarks.forces` -->", "<!-- end: forces -->"
YEARS = (10,)
# The sizes of the forces as multiples of Northamptonshire, in turn.
SIZES = (1.0, 0.5, 1.5, 0.5)
MB = 1024


@dataclass(frozen=True)
class Night:
    """What the runs of some forces cost. Times are in seconds, and memory is in megabytes."""

    forces: int
    at_once: int
    wall: float
    client: float
    server: float
    megabytes: float

    @property
    def a_force(self) -> float:
        """The processor seconds of one force, client and server together."""
        return (self.client + self.server) / self.forces


class Deployment:
    """A state folder with forces.yml, whose forces have servers of their own."""

    def __init__(self, home: Path, forces: int, years: Sequence[int], last: date) -> None:
        self.home, self.last = home, last
        self.codes = list(force_areas())[:forces]
        self.years = {code: years[n % len(years)] for n, code in enumerate(self.codes)}
        declared = [
            {"code": code, "name": f"Force {code[-2:]}", "accountable_body": "A made-up body"}
            for code in self.codes
        ]
        (home / "forces.yml").write_text(yaml.safe_dump({"forces": declared}), encoding="utf-8")
        self._sizes = dict(zip(self.codes, itertools.cycle(SIZES), strict=False))
        self._next_day: dict[str, date] = {}

    def call(self, *arguments: str) -> None:
        """Run an `assurance` command on the deployment.

        Raises:
            SystemExit: the command failed.
        """
        assurance(self.home, *arguments)

    def simulate(self, codes: Sequence[str]) -> None:
        """Simulate the history of forces, or one more day, two forces at the same time."""

        def one(code: str) -> None:
            begin = date(self.last.year - self.years[code], self.last.month, self.last.day)
            end = self._next_day.get(code, self.last)
            self.call(
                "simulate", "--force", code, "--seed", code[-2:], "--size", str(self._sizes[code]),
                "--from", str(end if code in self._next_day else begin + timedelta(days=1)),
                "--to", str(end),
            )  # fmt: skip
            self._next_day[code] = end + timedelta(days=1)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, codes))

    def night(self, codes: Sequence[str], at_once: int) -> Night:
        """Make the runs of forces after their last day, and return the cost."""
        morning = max(self._next_day[code] for code in codes)
        before, server, free = os.times(), self._server(codes), _available()
        lowest, end = [free], threading.Event()
        watch = threading.Thread(target=_watch_memory, args=(lowest, end))
        watch.start()
        started = time.monotonic()
        with ThreadPoolExecutor(at_once) as pool:
            moment = f"{morning}T05:30"
            list(pool.map(lambda code: self.call("run", "--force", code, "--as-at", moment), codes))
        wall, after = time.monotonic() - started, os.times()
        end.set()
        watch.join()
        client = (
            after.children_user + after.children_system
            - before.children_user - before.children_system
        )  # fmt: skip
        return Night(
            len(codes), at_once, wall, client, self._server(codes) - server, free - lowest[0]
        )

    def gigabytes(self) -> float:
        """Return how much disk space the forces use."""
        used = subprocess.run(
            ["du", "-sk", self.home], capture_output=True, text=True, check=True
        ).stdout.split()[0]
        return int(used) / MB / MB

    def _server(self, codes: Sequence[str]) -> float:
        return sum(server_seconds(self.home / "forces" / code) for code in codes)


def night_of(costs: Sequence[float], machines: int, cores: int) -> float:
    """Return how many seconds a night takes if each of the machines runs a force on each core.

    `costs` has the processor seconds of each force. A force that waits is begun by the core that
    is free first, in the order of the list.
    """
    free_at = [0.0] * (machines * cores)
    for cost in costs:
        heapq.heappush(free_at, heapq.heappop(free_at) + cost)
    return max(free_at)


def main() -> None:
    """Measure the nights and write the README's table, or compute nights for other numbers."""
    options = _options()
    if options.model:
        _show_model(options.model)
        return
    last = london_day(utc_now()) - timedelta(days=len(_nights(options.forces, options.at_once)) + 2)
    home = Path(tempfile.mkdtemp(prefix="assurance-forces-", dir=options.home))
    home.chmod(0o711)
    deployment = Deployment(home, max(options.forces), options.years, last)
    try:
        _progress(f"simulating {len(deployment.codes)} forces")
        deployment.simulate(deployment.codes)
        first = deployment.night(deployment.codes, os.cpu_count() or 1)
        _progress(f"first load: {first}")
        # With the largest night first, all forces of a night have had the same nights before it.
        wanted = sorted(_nights(options.forces, options.at_once), reverse=True)
        nights = [_night(deployment, forces, at_once) for forces, at_once in wanted]
        _write(first, nights[::-1], deployment)
    finally:
        deployment.call("forces", "each", "db", "stop")
        shutil.rmtree(home)


def _nights(forces: Sequence[int], at_once: Sequence[int]) -> set[tuple[int, int]]:
    """Return the nights to measure: how many forces, and how many of them at the same time."""
    some = min(max(forces), 16)
    return {(n, os.cpu_count() or 1) for n in forces} | {(some, n) for n in at_once}


def _night(deployment: Deployment, forces: int, at_once: int) -> Night:
    codes = deployment.codes[:forces]
    deployment.simulate(codes)
    night = deployment.night(codes, at_once)
    _progress(f"{night}")
    return night


def _write(first: Night, nights: Sequence[Night], deployment: Deployment) -> None:
    years = ", ".join(str(one) for one in dict.fromkeys(deployment.years.values()))
    sizes = ", ".join(f"{size:g}" for size in SIZES)
    lines = [
        f"{measured_on()}; each force has a history of {years} years; their sizes are {sizes} "
        "times that of Northamptonshire, in turn; each has a server of its own, and everything is "
        f"on this machine. Disk after all nights: {deployment.gigabytes():.1f} GB.",
        "",
        "| work | forces | at once | wall | client | server | a force | memory |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        _line("first load", first),
        *(_line("a day", night) for night in nights),
    ]
    write_between(BEGIN, END, lines)


def _line(work: str, night: Night) -> str:
    return (
        f"| {work} | {night.forces} | {night.at_once} | {night.wall:.0f} s | {night.client:.0f} s "
        f"| {night.server:.0f} s | {night.a_force:.1f} s | {night.megabytes / MB:.1f} GB |"
    )


def _show_model(seconds: Sequence[float]) -> None:
    """Print how long a night takes for several numbers of forces and machines of four cores."""
    sys.stdout.write("| forces | 1 machine | 2 | 4 | 8 |\n|---:|---:|---:|---:|---:|\n")
    for forces in (1, 4, 16, 43, 100, 430):
        drawn = list(itertools.islice(itertools.cycle(seconds), forces))
        times = [night_of(drawn, machines, cores=4) / 60 for machines in (1, 2, 4, 8)]
        cells = " | ".join(f"{minutes:.1f} min" for minutes in times)
        sys.stdout.write(f"| {forces} | {cells} |\n")
    sys.stdout.write(f"Mean of a force: {statistics.mean(seconds):.1f} CPU seconds.\n")


def _available() -> float:
    """Return how many megabytes of memory this machine could still give to programs."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable"):
            return int(line.split()[1]) / MB
    raise SystemExit("/proc/meminfo does not say how much memory is available.")


def _watch_memory(lowest: list[float], end: threading.Event) -> None:
    while not end.wait(0.5):
        lowest[0] = min(lowest[0], _available())


def _progress(line: str) -> None:
    sys.stderr.write(line + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forces", description=__doc__)
    parser.add_argument("--forces", type=int, nargs="+", default=[1, 4, 16, 43])
    parser.add_argument("--years", type=int, nargs="+", default=list(YEARS))
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--home", type=Path, default=None, help="a folder with 60 GB of free space")
    parser.add_argument(
        "--model", type=float, nargs="+", metavar="SECONDS",
        help="CPU seconds of a force and day, one number for each kind of force",
    )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    main()
