"""Measure the daily run after one, three and ten years of history.

`python -m benchmarks.history [--years N]… [--days N] [--home FOLDER]`

The benchmark shows by how much dbt takes longer if the history is longer. It simulates one force
for each length of history. All histories end on the same day. Then the benchmark adds more days. On
each added day, every force gets the day's data and its daily run. The order of the forces changes
from day to day.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from benchmarks.measure import assurance
from benchmarks.table import measured_on, write_between

LAST_DAY = date(2026, 6, 10)
SEED = 1
#: The stages that run dbt, named as in the file `log/timings.tsv` of the state folder.
DBT_STAGES = ("build_marts", "seal_marts")
BEGIN, END = "<!-- begin: written by `python -m benchmarks.history` -->", "<!-- end: history -->"


@dataclass
class Force:
    """A synthetic force with a history of some years, and the times of its runs.

    `home` is the state folder of the force. Each of the two lists has one item per daily run: the
    seconds that dbt took, or the seconds that the whole run took.
    """

    years: int
    home: Path
    dbt_seconds: list[float] = field(default_factory=list)
    run_seconds: list[float] = field(default_factory=list)
    _next_day: date | None = None

    @property
    def length(self) -> str:
        """The length of the force's history, in words."""
        return f"{self.years} years" if self.years > 1 else "1 year"

    @property
    def first_day(self) -> date:
        """The first day of the history."""
        return date(LAST_DAY.year - self.years, LAST_DAY.month, LAST_DAY.day) + timedelta(days=1)

    def call(self, *arguments: str) -> str:
        """Run an `assurance` command on this force and return its output.

        Raises:
            SystemExit: the command failed.
        """
        return assurance(self.home, *arguments, who=f"{self.length}:")

    def simulate_until(self, day: date) -> None:
        """Simulate data in the sources up to the end of a day.

        A later call writes only what is new. If it wrote the whole history again, the measured run
        would share the server with its automatic clean-up.
        """
        begin = self._next_day or self.first_day
        self.call("simulate", "--seed", str(SEED), "--from", str(begin), "--to", str(day))
        self._next_day = day + timedelta(days=1)

    def daily_run(self, day: date) -> None:
        """Run the pipeline as at 05:30 on the day after `day`.

        Appends the seconds of dbt and of the whole run to the force's lists.
        """
        earlier = len(self._times())
        self.call("run", "--as-at", f"{day + timedelta(days=1)}T05:30")
        times = self._times()[earlier:]
        self.dbt_seconds.append(sum(seconds for stage, seconds in times if stage in DBT_STAGES))
        self.run_seconds.append(sum(seconds for _, seconds in times))

    def records(self) -> int:
        """Return the number of record versions in raw."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.call("db", "url", "gate").strip()) as warehouse:
            tables = warehouse.execute(
                "select schemaname, tablename from pg_tables where schemaname like 'raw%'"
            ).fetchall()
            count = sql.SQL(" + ").join(
                sql.SQL("(select count(*) from {})").format(sql.Identifier(*table))
                for table in tables
            )
            [(records,)] = warehouse.execute(sql.SQL("select {}").format(count)).fetchall()
        return int(records)

    def _times(self) -> list[tuple[str, float]]:
        path = self.home / "log" / "timings.tsv"
        if not path.exists():
            return []
        lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
        return [(line[1], float(line[4])) for line in lines]


def main() -> None:
    """Simulate the forces, run the pipeline for each added day, and write the README's table."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="assurance-history-", dir=options.home) as home:
        Path(home).chmod(0o711)
        forces = [Force(years, Path(home) / f"{years}") for years in options.years]
        try:
            for force in forces:
                _progress(f"{force.length}: simulating, then the first run")
                force.simulate_until(LAST_DAY)
                force.daily_run(LAST_DAY)
            for number in range(1, options.days + 1):
                _one_day(forces if number % 2 else forces[::-1], LAST_DAY + timedelta(days=number))
            _write(forces)
        finally:
            for force in forces:
                force.call("db", "stop")


def _one_day(forces: Sequence[Force], day: date) -> None:
    for force in forces:
        force.simulate_until(day)
        force.daily_run(day)
        _progress(f"{day}, {force.length}: dbt {force.dbt_seconds[-1]:.1f} s")


def _write(forces: Sequence[Force]) -> None:
    base = forces[0]
    lines = [
        f"{measured_on()}; medians of "
        f"{len(base.dbt_seconds) - 1} daily runs, each after one more day.",
        "",
        "| history | record versions | first run: dbt | daily run: dbt | ratio to "
        f"{base.length} | whole daily run | target |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for force in forces:
        first, *daily = force.dbt_seconds
        ratio = statistics.median(
            own / other for own, other in zip(daily, base.dbt_seconds[1:], strict=True)
        )
        lines.append(
            f"| {force.length} | {force.records():,} | {first:.1f} s "
            f"| {statistics.median(daily):.1f} s | {ratio:.2f} "
            f"| {statistics.median(force.run_seconds[1:]):.1f} s "
            f"| {'1.2' if force.years == 10 * base.years else ''} |"
        )
    write_between(BEGIN, END, lines)


def _progress(line: str) -> None:
    sys.stderr.write(line + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--years", type=int, nargs="+", default=[1, 3, 10])
    parser.add_argument("--days", type=int, default=5)
    parser.add_argument("--home", type=Path, default=None, help="a folder with 10 GB of free space")
    return parser.parse_args()


if __name__ == "__main__":
    main()
