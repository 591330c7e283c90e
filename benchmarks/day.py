"""Measure what one day of one force costs: processor time, waiting time, and each stage.

`python -m benchmarks.day [--days N] [--home FOLDER]`

The benchmark simulates a force with a history of a year and a half that ends some days ago. For
each of the following days it simulates the day's data and measures one `assurance run`. Then it
starts Airflow's scheduler, which makes the run of the last day.
"""

import argparse
import os
import shlex
import statistics
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from benchmarks.history import Force
from benchmarks.measure import COMMAND, run_shell, server_seconds
from benchmarks.table import measured_on, write_between
from oic_assurance.clock import london_day, utc_now
from tests.end_to_end.airflow_server import airflow
from tests.end_to_end.terminal import Terminal

BEGIN, END = "<!-- begin: written by `python -m benchmarks.day` -->", "<!-- end: day -->"
DAG = "assurance_daily"
HISTORY = timedelta(days=548)
#: The stages of the gate.
GATE = ("audit_landing", "audit_marts", "audit_sealed")


@dataclass(frozen=True)
class Day:
    """What one run cost: seconds of waiting, and processor seconds of the client and the server."""

    wall: float
    client: float
    server: float
    gate: float


class RecentForce(Force):
    """A synthetic force whose history ends some days ago."""

    @property
    def first_day(self) -> date:
        """The first day of the history."""
        return london_day(utc_now()) - HISTORY

    def measured_run(self, day: date) -> Day:
        """Make the daily run of the morning after `day`, and return its cost."""
        earlier, before, server = len(self._times()), os.times(), server_seconds(self.home)
        moment = f"{day + timedelta(days=1)}T05:30"
        command = shlex.join(["env", f"ASSURANCE_HOME={self.home}", str(COMMAND), "run"])
        cost = run_shell(f"{command} --as-at {moment} >/dev/null 2>&1")
        after = os.times()
        return Day(
            cost.seconds,
            after.children_user + after.children_system
            - before.children_user - before.children_system,
            server_seconds(self.home) - server,
            sum(seconds for stage, seconds in self._times()[earlier:] if stage in GATE),
        )  # fmt: skip


def main() -> None:
    """Measure the runs, and write the README's table."""
    options = _options()
    today = london_day(utc_now())
    first, last = today - timedelta(days=options.days + 2), today - timedelta(days=1)
    with tempfile.TemporaryDirectory(prefix="assurance-day-", dir=options.home) as home:
        Path(home).chmod(0o711)
        force = RecentForce(1, Path(home))
        try:
            force.simulate_until(first)
            force.daily_run(first)
            days = [_day(force, first + timedelta(days=n)) for n in range(1, options.days + 1)]
            force.simulate_until(last)
            scheduled = _scheduled_seconds(Path(home), today)
        finally:
            force.call("db", "stop")
    _write(days, scheduled)


def _day(force: RecentForce, day: date) -> Day:
    force.simulate_until(day)
    found = force.measured_run(day)
    sys.stderr.write(
        f"{day}: {found.wall:.1f} s, processors {found.client:.1f} + {found.server:.1f} s\n"
    )
    return found


def _scheduled_seconds(home: Path, today: date) -> float:
    """Return how long the run takes that Airflow's scheduler makes by itself."""
    with airflow(Terminal(home)) as server:
        run_id = server.run_of(DAG, f"{today}T05:30")
        state = server.wait_for_end(DAG, run_id)
        if state != "success":
            raise SystemExit(f"The scheduler's run ended as {state}.")
        found = server.get(f"/dags/{DAG}/dagRuns/{quote(run_id)}")
    begin, end = (datetime.fromisoformat(found[name]) for name in ("start_date", "end_date"))
    return (end - begin).total_seconds()


def _write(days: list[Day], scheduled: float) -> None:
    client, server, wall, gate = (
        statistics.median(getattr(day, name) for day in days)
        for name in ("client", "server", "wall", "gate")
    )
    write_between(
        BEGIN,
        END,
        [
            f"{measured_on()}; medians of {len(days)} days, a history of a year and a half.",
            "",
            "| work | measured | target |",
            "|---|---:|---:|",
            f"| processor time of a day: client and server | {client:.1f} + {server:.1f} "
            f"= {client + server:.1f} s | 20 s |",
            f"| a day, by `assurance run` | {wall:.1f} s | 18 s |",
            f"| of this, the stages of the gate | {gate:.1f} s | 2.5 s |",
            f"| a day under Airflow's scheduler (one run) | {scheduled:.1f} s | 35 s |",
        ],
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--home", type=Path, default=None, help="a folder with 2 GB of free space")
    return parser.parse_args()


if __name__ == "__main__":
    main()
