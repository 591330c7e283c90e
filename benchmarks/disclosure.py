"""Compare the disclosure control of this project with ACRO, a published tool, on the same tables.

`python -m benchmarks.disclosure [PYTHON]`

PYTHON is the Python interpreter of an environment in which ACRO is installed. It must be another
environment than this project's, because ACRO needs older releases of packages that this project
uses. Without PYTHON the line for ACRO is left out.
"""

import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from tests.integration.publishing.disclosure_series import RELEASES, UNITS, Force, make_force
from tests.oracle.attacker import Attacker, Cell, ReleasedNumber
from tests.oracle.disclosure import Releases, added, may_be_shown

K = 5
FORCES = [make_force(number) for number in range(12)]
PEER = Path(__file__).with_name("disclosure_peer.py")


def main() -> None:
    """Print a table with one line for each method of disclosure control.

    Each method returns its counts for all forces:

    - `unit`, `month`, `period`: how many numbers of this kind it releases.
    - `all unit`, `all month`, `all period`: how many numbers of this kind there are.
    - `small`: the small numbers of the last release. `found`: those that a solver can find.
    - `steps`: how often a released number changes by less than K from release to release.
    """
    rows = {"small cells blank, true totals": primary(), "this project": ours()}
    if len(sys.argv) > 1:
        rows["ACRO, suppress=True"] = acro(sys.argv[1])
    sys.stdout.write("| | shown: unit and month | force and month | force, in some period |")
    sys.stdout.write(
        " found by a solver | small steps between releases |\n|---|---|---|---|---|---|\n"
    )
    for name, counts in rows.items():
        shares = " | ".join(share(counts, what) for what in ("unit", "month", "period"))
        sys.stdout.write(
            f"| {name} | {shares} | {counts['found']} of {counts['small']} | {counts['steps']} |\n"
        )


def share(counts: Counter[str], what: str) -> str:
    """Return the percentage of the numbers of one kind that a method releases.

    Returns a dash if it is not known how many numbers there are.
    """
    return f"{counts[what] / counts[f'all {what}']:.0%}" if counts[f"all {what}"] else "–"


def totals(force: Force) -> Counter[str]:
    """Return how many numbers of a force could be released, by kind. Zeros are not counted."""
    months = force.months(RELEASES - 1)
    figures = [added(list(month.values())) for month in months]
    return Counter(
        {
            "all unit": sum(bool(n) for month in months for f in month.values() for n in f),
            "all month": sum(bool(n) for figure in figures for n in figure),
            "all period": sum(sum(figure) for figure in figures),
        }
    )


def primary() -> Counter[str]:
    """Return the counts for the simplest method: each release leaves out the small numbers only."""
    counts: Counter[str] = Counter()
    for force in FORCES:
        counts += totals(force)
        before: dict[tuple[int, str], tuple[int, int]] = {}
        for number in range(RELEASES):
            shown = {}
            for place, month in enumerate(force.months(number)):
                for unit, figure in {**month, "ALL": added(list(month.values()))}.items():
                    if may_be_shown(figure, K):
                        shown[place, unit] = figure
            counts["steps"] += sum(
                0 < abs(shown[key][side] - before[key][side]) < K
                for key in shown.keys() & before.keys()
                for side in (0, 1)
            )
            before = shown
        for (_, unit), figure in before.items():
            counts["month" if unit == "ALL" else "unit"] += sum(bool(n) for n in figure)
            counts["period"] += sum(figure) if unit == "ALL" else 0
        released = [((place, place), unit, figure) for (place, unit), figure in before.items()]
        counts += attacked(force, released)
    return counts


def ours() -> Counter[str]:
    """Return the counts for the method in `docs/explanation/disclosure-control.md`."""
    counts: Counter[str] = Counter()
    for force in FORCES:
        counts += totals(force)
        releases = Releases(K)
        for number in range(RELEASES):
            shown = releases.release_events(force.months(number))
        for (first, last), units in shown.items():
            for unit, figure in units.items():
                if first == last:
                    counts["month" if unit == "ALL" else "unit"] += sum(bool(n) for n in figure)
                counts["period"] += sum(figure) if unit == "ALL" else 0
        released = [
            (period, unit, f) for period, units in shown.items() for unit, f in units.items()
        ]
        counts += attacked(force, released)
        for versions in releases.released.values():
            counts["steps"] += sum(
                0 < abs(after[unit][side] - before[unit][side]) < K
                for before, after in pairwise(versions)
                for unit in before.keys() & after.keys()
                for side in (0, 1)
            )
    return counts


def acro(python: str) -> Counter[str]:
    """Return the counts for ACRO, which gets one table for each class and release.

    ACRO's totals are not counted as released, because they are sums of only those numbers that ACRO
    shows.
    """
    counts: Counter[str] = Counter()
    cases = [(f, number, side) for f in FORCES for number in range(RELEASES) for side in (0, 1)]
    tables = [
        [
            (place, unit)
            for place, month in enumerate(force.months(number))
            for unit, figure in month.items()
            for _ in range(figure[side])
        ]
        for force, number, side in cases
    ]
    done = subprocess.run(
        [python, str(PEER)], input=json.dumps(tables), capture_output=True, text=True, check=True
    )
    before: dict[str, int] = {}
    for (force, number, side), table in zip(cases, json.loads(done.stdout), strict=True):
        shown = {
            f"{force.code} {side} {m} {u}": n for m, u, n in table if "All" not in (m, u) and n
        }
        counts["steps"] += sum(0 < abs(n - before.get(key, n)) < K for key, n in shown.items())
        before |= shown
        if number == RELEASES - 1:
            counts["unit"] += len(shown)
            counts += totals(force) if side == 0 else Counter()
    counts["all month"] = counts["all period"] = 0
    return counts


def attacked(
    force: Force, released: list[tuple[tuple[int, int], str, tuple[int, int]]]
) -> Counter[str]:
    """Return two counts of the small numbers in the last release of a force.

    - `small`: how many small numbers there are, from 1 to K - 1.
    - `found`: how many of them a solver can narrow down to fewer than K - 1 values, from all
      figures that were released.
    """
    months = force.months(RELEASES - 1)
    cells = [
        Cell(0, place, unit, s) for place in range(len(months)) for unit in UNITS for s in (0, 1)
    ]
    statements = [
        ReleasedNumber(
            frozenset(
                Cell(0, place, one, side)
                for place in range(first, last + 1)
                for one in (UNITS if unit == "ALL" else (unit,))
            ),
            figure[side],
        )
        for (first, last), unit, figure in released
        for side in (0, 1)
    ]
    attacker = Attacker(cells, statements)
    counts: Counter[str] = Counter()
    for cell in cells:
        number = months[cell.month][cell.unit][cell.side]
        if 0 < number < K:
            low, high = attacker.guess([cell])
            counts["small"] += 1
            # The released figures can come from earlier releases, before a number changed. Then
            # the solver can find a range that does not contain the number of the last release. Such
            # a number does not count as found.
            counts["found"] += low <= number <= high and high - low < K - 2
    return counts


if __name__ == "__main__":
    main()
