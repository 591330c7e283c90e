"""Compare how long the gate and its peer wait for the database.

`python -m benchmarks.gate [--pairs N] [--from DATE] [--home FOLDER]`

The benchmark lands and builds a synthetic force. Then it runs pairs. In a pair, one side runs the
suites of all stages. The other side is the peer: for each table, it runs one hand-written query
with the same checks. Both sides run in one process on the same tables. The time of a side is how
many seconds it waits for its SQL statements. The sides take turns to run first.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks.gate_peer import knowing_texts, statement_of
from benchmarks.table import measured_on, write_between
from expectations.catalogue import suites
from expectations.vocabulary import STAGES, Stage, Suite
from oic_assurance import pipeline
from oic_assurance.builds.record import Build, load_build
from oic_assurance.gates.run import GATE_ROLE, run_suites
from oic_assurance.gates.table_names import Places
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse import embedded
from oic_assurance.warehouse.connections import connect

LAST_DAY, AS_AT = date(2026, 6, 10), datetime(2026, 6, 10, 4, 30, tzinfo=UTC)
TARGET = 1.2
BEGIN, END = "<!-- begin: written by `python -m benchmarks.gate` -->", "<!-- end: gate -->"


@dataclass
class Spent:
    """The time one side of a pair has waited for the database, and its number of statements."""

    seconds: float = 0.0
    statements: int = 0


def main() -> None:
    """Simulate a force, build its marts, measure the gate and its peer, and write the README.

    In each pair the gate and its peer run one after the other. The README gets a table with the
    times and their ratio.
    """
    options = _options()
    with tempfile.TemporaryDirectory(prefix="assurance-gate-", dir=options.home) as home:
        Path(home).chmod(0o711)
        os.environ["ASSURANCE_HOME"] = home
        settings = load_settings()
        try:
            build = _candidate(settings, options.since)
            pairs = [_pair(settings, build, number) for number in range(options.pairs)]
            _write(pairs, _rows(settings, build))
        finally:
            embedded.stop(settings)


def _candidate(settings: Settings, since: date) -> Build:
    """Return a build of a synthetic force, after the checks of each gate stage have run once."""
    command = Path(sys.executable).with_name("assurance")
    for arguments in (
        ("db", "start"),
        ("sources", "create"),
        ("simulate", "--seed", "1", "--from", str(since), "--to", str(LAST_DAY)),
    ):
        subprocess.run([command, *arguments], check=True, stdout=subprocess.DEVNULL)
    run = "benchmark"
    for dataset in pipeline.open_run(settings, run, AS_AT):
        pipeline.extract(settings, run, dataset)
    build_id = pipeline.close_landing(settings, run, AS_AT)
    pipeline.build_marts(settings, run, build_id)
    pipeline.audit(settings, run, build_id, "landing")
    pipeline.audit(settings, run, build_id, "marts")
    pipeline.seal_marts(settings, run, build_id)
    pipeline.audit(settings, run, build_id, "sealed")
    return load_build(settings, build_id)


def _pair(settings: Settings, build: Build, number: int) -> dict[str, Spent]:
    sides = {"ours": _ours, "peer": _peer}
    order = list(sides) if number % 2 == 0 else list(sides)[::-1]
    spent = {side: sides[side](settings, build) for side in order}
    sys.stderr.write(
        f"pair {number + 1}: "
        + ", ".join(f"{s} {spent[s].seconds:.3f} s, {spent[s].statements}" for s in sides)
        + "\n"
    )
    return spent


def _ours(settings: Settings, build: Build) -> Spent:
    places = Places(build)
    with _watched() as spent:
        for stage in STAGES:
            outcomes = run_suites(settings, _suites(stage), places)
            errors = [outcome.suite.name for outcome in outcomes if outcome.exception]
            if errors:
                raise SystemExit(f"Suites that could not be checked: {', '.join(errors)}")
    return spent


def _peer(settings: Settings, build: Build) -> Spent:
    spent = Spent()
    with connect(settings, role=GATE_ROLE) as connection:
        places = knowing_texts(connection, Places(build))
        for suite in suites():
            statement = statement_of(suite, places).encode()
            started = time.perf_counter()
            connection.execute(statement).fetchall()
            spent.seconds += time.perf_counter() - started
            spent.statements += 1
    return spent


def _suites(stage: Stage) -> Sequence[Suite]:
    return [suite for suite in suites() if suite.stage == stage]


@contextmanager
def _watched() -> Iterator[Spent]:
    """Yield the number of statements that SQLAlchemy sends in the block, and their total time."""
    spent, started = Spent(), [0.0]

    def before(*_: object) -> None:
        started[0] = time.perf_counter()

    def after(*_: object) -> None:
        spent.seconds += time.perf_counter() - started[0]
        spent.statements += 1

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield spent
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)


def _rows(settings: Settings, build: Build) -> int:
    """Return the total number of rows in all tables that the suites check."""
    with connect(settings, role=GATE_ROLE) as connection:
        counted = [
            connection.execute(f"select count(*) from {Places(build).table(suite)}".encode())
            for suite in suites()
        ]
        return sum(row[0] for cursor in counted for row in cursor.fetchall())


def _write(pairs: Sequence[dict[str, Spent]], rows: int) -> None:
    ratios = [pair["ours"].seconds / pair["peer"].seconds for pair in pairs]
    ours, peer = (statistics.median(p[side].seconds for p in pairs) for side in ("ours", "peer"))
    expectations = sum(len(suite.expectations) for suite in suites())
    lines = [
        f"{measured_on()}; medians of {len(pairs)} pairs.",
        "",
        "| expectations | tables | rows | gate | statements | peer | statements | ratio (range) "
        "| target |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        f"| {expectations} | {len(suites())} | {rows:,} "
        f"| {ours:.2f} s | {pairs[0]['ours'].statements} "
        f"| {peer:.2f} s | {pairs[0]['peer'].statements} "
        f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}) | {TARGET} |",
    ]
    write_between(BEGIN, END, lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument(
        "--from", dest="since", type=date.fromisoformat, default=date(2025, 6, 1), metavar="DATE"
    )
    parser.add_argument("--home", type=Path, default=None, help="a folder with 2 GB of free space")
    return parser.parse_args()


if __name__ == "__main__":
    main()
