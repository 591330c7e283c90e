"""Measure a build that restates every figure of a long history.

`python -m benchmarks.restatement [--years N]… [--builds N] [--home FOLDER]`

The benchmark simulates one force for each length of history, and publishes once. A day later only
that day's data is new: the build of this day restates next to nothing. Then every referral, report,
record of custody and result of training changes in the sources, and the build of the next day
restates every figure of all years.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import psycopg
import xlsxwriter

from benchmarks.history import LAST_DAY, Force
from benchmarks.measure import COMMAND
from benchmarks.table import measured_on, write_between
from simulator.delivery.completions import COLUMNS

BEGIN = "<!-- begin: written by `python -m benchmarks.restatement` -->"
END = "<!-- end: restatement -->"
STAGE = "build_marts"
#: Gives every record another version. Each record leaves or enters the figure of its month.
CHANGES = {
    "rms": """
        update rms.nccu_referral set
            contacted_at = contacted_at - interval '1 hour',
            referral_type =
                case referral_type when 'STATUS_CHECK' then 'VICTIM' else 'STATUS_CHECK' end,
            updated_at = %(moment)s;
        update rms.custody_record set
            detained_at = detained_at - interval '40 days', updated_at = %(moment)s
    """,
    "intelligence": """
        update intel.report set
            submitted_at = submitted_at + interval '1 day', updated_at = %(moment)s
        where submitted_at < cast(%(moment)s as timestamptz) - interval '2 days'
    """,
}
#: The first day on which a completed module can count. All modules are completed on this day.
LAUNCHED_ON = date(2025, 6, 1)
MODULES = """
    select distinct employee_no, course_code, module_code, module_version
    from raw_general.completion
"""
SESSIONS = """
    select distinct on (session_code) session_code, session_date, capacity
    from raw_general.hydra_session order by session_code, landed_at desc
"""
ATTENDANCE = """
    select distinct session_code, employee_no, 'Y', 'REFER' from raw_general.hydra_attendance
"""


class ChangedForce(Force):
    """A synthetic force whose records all change, and the seconds of its builds."""

    def build(self, day: date) -> float:
        """Have the daily run of the morning after `day`, and return the seconds of its build.

        The gate may hold the run back: a change of every record is something to ask about.

        Raises:
            SystemExit: the build failed.
        """
        earlier = len(self._times())
        run = subprocess.run(
            [COMMAND, "run", "--as-at", f"{day + timedelta(days=1)}T05:30"],
            env={**os.environ, "ASSURANCE_HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        times = [seconds for stage, seconds in self._times()[earlier:] if stage == STAGE]
        if len(times) != 1:
            raise SystemExit(f"{self.length}: no build: {run.stderr.strip()}")
        return times[0]

    def change_everything(self, day: date) -> None:
        """Change every record in the sources on the morning of `day`."""
        for system, statements in CHANGES.items():
            with psycopg.connect(self.call("db", "url", system).strip()) as source:
                for statement in statements.split(";"):
                    source.execute(statement.encode(), {"moment": f"{day} 06:00+00"})
        dropzone = self.home / "dropzone"
        with psycopg.connect(self.call("db", "url", "gate").strip()) as warehouse:
            done = warehouse.execute(MODULES).fetchall()
            sheets = {
                "Sessions": (
                    ("session_code", "session_date", "capacity"),
                    warehouse.execute(SESSIONS).fetchall(),
                ),
                "Attendance": (
                    ("session_code", "employee_no", "attended", "outcome"),
                    warehouse.execute(ATTENDANCE.encode()).fetchall(),
                ),
            }
        path = dropzone / "lms" / "completions" / f"completions_{LAUNCHED_ON:%Y%m%d}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for row in done:
                writer.writerow((*row, "COMPLETED", f"{LAUNCHED_ON} 09:00", ""))
        book = dropzone / "hydra" / "attendance" / f"hydra_{day:%Y%m%d}.xlsx"
        with xlsxwriter.Workbook(book, {"default_date_format": "dd/mm/yyyy"}) as workbook:
            for name, (header, rows) in sheets.items():
                sheet = workbook.add_worksheet(name)
                for number, row in enumerate((header, *rows)):
                    sheet.write_row(number, 0, row)

    def changed_records(self) -> int:
        """Return how many records changed a figure in the latest build."""
        with psycopg.connect(self.call("db", "url", "admin").strip()) as warehouse:
            [(records,)] = warehouse.execute(
                "select count(*) from intermediate.restated__changed_record where is_changed"
            ).fetchall()
        return int(records)


def main() -> None:
    """Measure the builds of each force, and write the README's table."""
    options = _options()
    lines = [
        f"{measured_on()}; medians of {options.builds} builds.",
        "",
        "| history | records that changed a figure | build without a restatement "
        "| build that restates all | ratio | target |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory(prefix="assurance-restatement-", dir=options.home) as home:
        Path(home).chmod(0o711)
        for years in options.years:
            force = ChangedForce(years, Path(home) / f"{years}")
            try:
                lines.append(_measure(force, options.builds))
            finally:
                force.call("db", "stop")
    write_between(BEGIN, END, lines)


def _measure(force: ChangedForce, builds: int) -> str:
    _progress(f"{force.length}: simulating, then the first run")
    force.simulate_until(LAST_DAY)
    force.daily_run(LAST_DAY)
    quiet_day, changed_day = (LAST_DAY + timedelta(days=days) for days in (1, 2))
    force.simulate_until(quiet_day)
    quiet = [force.build(quiet_day) for _ in range(builds)]
    _progress(f"{force.length}: without a restatement {', '.join(map(str, quiet))} s")
    force.simulate_until(changed_day)
    force.change_everything(changed_day)
    changed = [force.build(changed_day) for _ in range(builds)]
    _progress(f"{force.length}: all restated {', '.join(map(str, changed))} s")
    seconds = statistics.median(quiet), statistics.median(changed)
    return (
        f"| {force.length} | {force.changed_records():,} | {seconds[0]:.1f} s | {seconds[1]:.1f} s "
        f"| {seconds[1] / seconds[0]:.2f} | 2 |"
    )


def _progress(line: str) -> None:
    sys.stderr.write(line + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restatement", description=__doc__)
    parser.add_argument("--years", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--builds", type=int, default=3)
    parser.add_argument("--home", type=Path, default=None, help="a folder with 5 GB of free space")
    return parser.parse_args()


if __name__ == "__main__":
    main()
