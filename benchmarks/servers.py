"""Compare a day on a server with PostgreSQL's own defaults with a day on the embedded server.

`python -m benchmarks.servers [--days N] [--home FOLDER]`

The benchmark simulates the same force twice, with a history of a year and a half that ends some
days ago. The warehouse of one is on the embedded server, that of the other on a server of its own:
Debian's newest, which compiles queries (JIT), or else one of the embedded server's programs. Each
day is run on both, in turn. The first day loads the whole history.
"""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from benchmarks.day import Day, RecentForce
from benchmarks.measure import server_seconds
from benchmarks.table import measured_on, write_between
from oic_assurance.builds.dbt import environment_with
from oic_assurance.clock import london_day, utc_now
from oic_assurance.settings import load_settings
from tests.own_server import own_server
from tests.tls import debian_server_programs

BEGIN = "<!-- begin: written by `python -m benchmarks.servers` -->"
END = "<!-- end: servers -->"
TARGET = 1.3


@dataclass
class Side:
    """A force, with the variables that lead to its warehouse, and the costs of its days.

    `server` is the state folder of the warehouse's server, if that is not the force's own.
    """

    force: RecentForce
    variables: dict[str, str] = field(default_factory=dict)
    server: Path | None = None
    days: list[Day] = field(default_factory=list)

    def run(self, day: date) -> None:
        """Make the daily run of the morning after `day`."""
        before = server_seconds(self.server) if self.server else 0.0
        with environment_with(self.variables):
            self.force.simulate_until(day)
            found = self.force.measured_run(day)
        after = server_seconds(self.server) if self.server else 0.0
        self.days.append(replace(found, server=found.server + after - before))
        sys.stderr.write(
            f"{day}, {'own' if self.server else 'embedded'}: {found.wall:.1f} s, load "
            f"{os.getloadavg()[0]:.0f}\n"
        )


def main() -> None:
    """Run the days on both servers, and write the README's table."""
    options = _options()
    last = london_day(utc_now()) - timedelta(days=1)
    with tempfile.TemporaryDirectory(prefix="assurance-servers-", dir=options.home) as folder:
        home = Path(folder)
        home.chmod(0o711)
        own = home / "server" / "postgres"
        own.mkdir(parents=True)
        with own_server(load_settings(), own, debian_server_programs()) as (owner, superuser):
            variables = {
                "AIRFLOW_CONN_WAREHOUSE": owner,
                "AIRFLOW_CONN_WAREHOUSE_ADMIN": superuser,
            }
            sides = [
                Side(RecentForce(1, home / "own"), variables, own.parent),
                Side(RecentForce(1, home / "embedded")),
            ]
            try:
                for number in range(options.days + 1):
                    day = last - timedelta(days=options.days - number)
                    for side in sides if number % 2 else sides[::-1]:
                        side.run(day)
            finally:
                for side in sides:
                    side.force.call("db", "stop")
    _write(*(side.days for side in sides))


def _write(own: Sequence[Day], embedded: Sequence[Day]) -> None:
    lines = [
        f"{measured_on()}, load {os.getloadavg()[2]:.0f}; medians of {len(own) - 1} daily runs "
        "after the first, a history of a year and a half.",
        "",
        "| work | PostgreSQL's own defaults | processor time | embedded server | processor time "
        "| ratio (range) | target |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for work, ours, theirs in (
        ("the first day", own[:1], embedded[:1]),
        ("a day after it", own[1:], embedded[1:]),
    ):
        ratios = [one.wall / other.wall for one, other in zip(ours, theirs, strict=True)]
        cells = [
            f"{statistics.median(day.wall for day in days):.1f} s | "
            f"{statistics.median(day.client + day.server for day in days):.1f} s"
            for days in (ours, theirs)
        ]
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        lines.append(f"| {work} | {' | '.join(cells)} | {ratio} | {TARGET} |")
    write_between(BEGIN, END, lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers", description=__doc__)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--home", type=Path, default=None, help="a folder with 4 GB of free space")
    return parser.parse_args()


if __name__ == "__main__":
    main()
