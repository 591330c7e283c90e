"""Measure a day of one force whose models PostgreSQL computes, and one on Spark.

`python -m benchmarks.spark [--days N] [--home FOLDER]`

The benchmark simulates a force with a history of a year and a half that ends some days ago. Each of
the following days is run by one engine, in turn. `make setup-spark` is needed first.
"""

import argparse
import os
import statistics
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from benchmarks.day import Day, RecentForce
from benchmarks.history import DBT_STAGES
from benchmarks.table import measured_on, write_between
from oic_assurance.clock import london_day, utc_now
from oic_assurance.settings import POSTGRES, SPARK

BEGIN, END = "<!-- begin: written by `python -m benchmarks.spark` -->", "<!-- end: spark -->"
NAMES = {POSTGRES: "PostgreSQL", SPARK: "Spark, `local[2]`"}


class TwoEngines(RecentForce):
    """A synthetic force whose runs use one engine or the other."""

    def run_on(self, engine: str, day: date) -> tuple[Day, float]:
        """Run a day with an engine. Return its cost, and the seconds of the stages that run dbt."""
        self.simulate_until(day)
        earlier = len(self._times())
        os.environ["ASSURANCE_ENGINE"] = engine
        try:
            cost = self.measured_run(day)
        finally:
            del os.environ["ASSURANCE_ENGINE"]
        building = sum(seconds for stage, seconds in self._times()[earlier:] if stage in DBT_STAGES)
        if building == 0:
            raise SystemExit(f"{day}: no build on {engine}")
        sys.stderr.write(
            f"{day} {engine}: {cost.wall:.0f} s, of this {building:.0f} s to build, processors "
            f"{cost.client:.0f} + {cost.server:.0f} s\n"
        )
        return cost, building


def main() -> None:
    """Measure the runs, and write the README's table."""
    options = _options()
    first = london_day(utc_now()) - timedelta(days=2 * options.days + 2)
    found: dict[str, list[tuple[Day, float]]] = {POSTGRES: [], SPARK: []}
    with tempfile.TemporaryDirectory(prefix="assurance-spark-", dir=options.home) as home:
        Path(home).chmod(0o711)
        force = TwoEngines(1, Path(home))
        try:
            force.simulate_until(first)
            force.daily_run(first)
            day = first
            for _ in range(options.days):
                for engine, days in found.items():
                    day += timedelta(days=1)
                    days.append(force.run_on(engine, day))
        finally:
            force.call("db", "stop")
    _write(found)


def _write(found: dict[str, list[tuple[Day, float]]]) -> None:
    lines = [
        f"{measured_on()}; medians of pairs of days: {len(found[POSTGRES])}. A history of a year "
        "and a half.",
        "",
        "| engine | processor time of a day: client (with Java) and server | a day | of this, "
        "building the marts |",
        "|---|---:|---:|---:|",
    ]
    builds = []
    for engine, days in found.items():
        client, server, wall = (
            statistics.median(getattr(day, name) for day, _ in days)
            for name in ("client", "server", "wall")
        )
        builds.append(statistics.median(building for _, building in days))
        lines.append(
            f"| {NAMES[engine]} | {client:.0f} + {server:.0f} = {client + server:.0f} s "
            f"| {wall:.0f} s | {builds[-1]:.0f} s |"
        )
    lines += ["", f"Spark takes {builds[1] / builds[0]:.0f} times as long to build the marts."]
    write_between(BEGIN, END, lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--home", type=Path, default=None, help="a folder with 2 GB of free space")
    return parser.parse_args()


if __name__ == "__main__":
    main()
