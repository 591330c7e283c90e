"""`python -m tests.crash`: kill points one after the other, a table at the end."""

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
    """Run what is asked for; 0 when all of it converged."""
    asked = _arguments()
    # Imported here: it takes seconds, which `--help` need not.
    from tests.crash.harness import Harness

    harness = Harness(asked.root)
    try:
        points = plan(asked.seed, asked.points, harness.prepare())
        results = Results(asked.root / f"results-{asked.seed}-{asked.points}.jsonl")
        _run_points(harness, [point for point in points if _is_asked(point, asked)], results)
        if asked.only in (None, "worker") and asked.number is None:
            _run_workers(harness, asked.seed, len(points), results)
    finally:
        harness.template.discard()
        if not asked.keep:
            shutil.rmtree(asked.root, ignore_errors=True)
    found = list(results.known.values())
    print("\n" + table(found), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))
    broken = not_converged(found)
    for line in broken:
        print(f"NOT CONVERGED {line}")
    return 1 if broken or not found else 0


def _run_points(harness: "Harness", points: list[Point], results: Results) -> None:
    waiting = [point for point in points if point.number not in results.known]
    began = time.monotonic()
    for done, point in enumerate(waiting, start=1):
        outcome = harness.run(point)
        results.add(outcome.as_json())
        left = (time.monotonic() - began) / done * (len(waiting) - done)
        word = "ok " if outcome.converged else "BAD"
        told = f"{word} {done} of {len(waiting)}, {left:.0f} s left, {outcome.seconds:5.1f} s"
        print(f"{told}  {point}", flush=True)
        for line in outcome.wrong[:10]:
            print(f"    {line}", flush=True)


def _run_workers(harness: "Harness", seed: int, first: int, results: Results) -> None:
    """Run the scheduler, unless it was run before; its points are numbered after the others."""
    from tests.crash.workers import run_workers

    if any(number >= first for number in results.known):
        return
    print("The scheduler's run, whose tasks are killed: some minutes.", flush=True)
    for number, result in enumerate(run_workers(harness, seed), start=first):
        result["point"]["number"] = number
        results.add(result)
        word = "ok " if result["converged"] else "BAD"
        print(f"{word} {result['point']['group']}, {result['point']['edge']}", flush=True)
        for line in result["wrong"][:10]:
            print(f"    {line}", flush=True)


def _is_asked(point: Point, asked: argparse.Namespace) -> bool:
    if asked.number is not None:
        return point.number == asked.number
    return asked.only in (None, point.group.only)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--points", type=int, default=200, help="how many kill points")
    parser.add_argument("--seed", type=int, default=7, help="equal seeds, equal points")
    parser.add_argument("--only", choices=ONLY, help="points of one kind")
    parser.add_argument("--number", type=int, help="one point, by its number in the plan")
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--root", type=Path, help="where worlds and results are kept")
    parser.add_argument("--keep", action="store_true", help="keep them, to go on or look at them")
    asked = parser.parse_args()
    if asked.root is None:
        place = str(MEMORY) if MEMORY.is_dir() else None
        asked.root = Path(tempfile.mkdtemp(prefix="assurance-crash-", dir=place))
    else:
        asked.keep = True
    asked.root = asked.root.resolve()
    return asked


if __name__ == "__main__":
    enter_namespace()
    sys.exit(main())
