"""`python -m tests.crash`: run kill points one after another, then print a table."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.crash.disk import enter_namespace
from tests.crash.points import Point, plan
from tests.crash.report import Results, not_converged, table
from tests.crash.world import MEMORY

if TYPE_CHECKING:
    from tests.crash.harness import Harness

ONLY = ("landing", "run", "server", "connection", "disk", "worker")


def main() -> int:
    """Run the kill points that the arguments select, and print their results.

    Returns 0 if there are results and every kill point converged, otherwise 1.
    """
    arguments = _arguments()
    # The harness is imported here because the import takes seconds and `--help` does not need it.
    from tests.crash.harness import Harness

    harness = Harness(arguments.root)
    try:
        points = plan(arguments.seed, arguments.points, harness.prepare())
        results = Results(arguments.root / f"results-{arguments.seed}-{arguments.points}.jsonl")
        _run_points(harness, [point for point in points if _is_selected(point, arguments)], results)
        if arguments.only in (None, "worker") and arguments.number is None:
            _run_workers(harness, arguments.seed, len(points), results)
    finally:
        harness.template.discard()
        if not arguments.keep:
            shutil.rmtree(arguments.root, ignore_errors=True)
    found = list(results.known.values())
    print("\n" + table(found), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))
    failed = not_converged(found)
    for line in failed:
        print(f"NOT CONVERGED {line}")
    return 1 if failed or not found else 0


def _run_points(harness: "Harness", points: list[Point], results: Results) -> None:
    waiting = [point for point in points if point.number not in results.known]
    began = time.monotonic()
    for done, point in enumerate(waiting, start=1):
        outcome = harness.run(point)
        results.add(outcome.as_json())
        left = (time.monotonic() - began) / done * (len(waiting) - done)
        word = "ok " if outcome.converged else "BAD"
        progress = f"{word} {done} of {len(waiting)}, {left:.0f} s left, {outcome.seconds:5.1f} s"
        print(f"{progress}  {point}", flush=True)
        for line in outcome.wrong[:10]:
            print(f"    {line}", flush=True)


def _run_workers(harness: "Harness", seed: int, first: int, results: Results) -> None:
    """Run the kill points under Airflow's scheduler. Their numbers start at `first`.

    Does nothing if an earlier start of the harness has already stored results of such points.
    """
    from tests.crash.workers import run_workers

    if any(number >= first for number in results.known):
        return
    print("Running the scheduler and killing its tasks. This takes some minutes.", flush=True)
    for number, result in enumerate(run_workers(harness, seed), start=first):
        result["point"]["number"] = number
        results.add(result)
        word = "ok " if result["converged"] else "BAD"
        print(f"{word} {result['point']['group']}, {result['point']['edge']}", flush=True)
        for line in result["wrong"][:10]:
            print(f"    {line}", flush=True)


def _is_selected(point: Point, arguments: argparse.Namespace) -> bool:
    if arguments.number is not None:
        return point.number == int(arguments.number)
    return arguments.only is None or point.group.only == str(arguments.only)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--points", type=int, default=200, help="number of kill points")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same points")
    parser.add_argument("--only", choices=ONLY, help="run only the points of this kind")
    parser.add_argument("--number", type=int, help="run only the point with this number")
    parser.add_argument("--json", type=Path, help="file to write the results to")
    parser.add_argument("--root", type=Path, help="folder for worlds and results")
    parser.add_argument(
        "--keep", action="store_true", help="keep that folder, to continue or inspect it"
    )
    arguments = parser.parse_args()
    if arguments.root is None:
        place = str(MEMORY) if MEMORY.is_dir() else None
        arguments.root = Path(tempfile.mkdtemp(prefix="assurance-crash-", dir=place))
    else:
        arguments.keep = True
    arguments.root = arguments.root.resolve()
    return arguments


if __name__ == "__main__":
    enter_namespace()
    sys.exit(main())
