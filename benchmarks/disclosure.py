"""Compare the disclosure control of this project with published tools, on the same tables.

`python -m benchmarks.disclosure [METHOD | TOOL=PYTHON] …`

METHOD is `primary` or `ours`. TOOL is `acro`, `tauargus` or `cellkey` (see `disclosure_peer.py`).
Without arguments, both methods and no tool are measured. PYTHON is the Python interpreter of a
separate environment in which the tool is installed. The environment is separate because the tools
need other versions of some packages than this project.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.integration.publishing.disclosure_series import (
    FIRST_SETTLED,
    RELEASES,
    UNITS,
    Force,
    make_force,
)
from tests.oracle.attacker import Attacker, Cell, ReleasedNumber
from tests.oracle.disclosure import ALL, Figure, Releases, added, may_be_shown

K = 5
FORCES = [make_force(number) for number in range(12)]
PEER = Path(__file__).with_name("disclosure_peer.py")
#: The methods of each tool, each with the label of its line in the table.
TOOLS = {
    "acro": {"acro": "ACRO, `suppress=True`"},
    "tauargus": {
        "tauargus": "pytauargus, `FREQ(5,100)`, `OPT`",
    },
    "cellkey": {
        "cellkey_rule": "cell-key-perturbation, its 10-5 rule",
        "cellkey_noise": "cell-key-perturbation, noise of up to 2, threshold 5",
    },
}


@dataclass(frozen=True)
class Shown:
    """A number that a release shows.

    Attributes:
        months, units, sides: What the number counts. Side 0 is the numerator, side 1 is the rest.
        within: The most by which the number can differ from the true number. 0 means it is true.
    """

    months: tuple[int, ...]
    units: tuple[str, ...]
    sides: tuple[int, ...]
    number: int
    within: int = 0

    @property
    def what(self) -> tuple[tuple[int, ...], tuple[str, ...], tuple[int, ...]]:
        """Return what the number counts."""
        return self.months, self.units, self.sides


#: All numbers that one release shows.
Release = list[Shown]


def main() -> None:
    """Print a table with one line for each method of disclosure control."""
    head = ("unit and month shown", "force and month shown", "records in some shown period",
            "small numbers narrowed down (found) in the last release", "in all releases together",
            "changes of 1 to 4 between releases", "shown numbers that are true")  # fmt: skip
    _line("", *head)
    _line(*("---" for _ in range(len(head) + 1)))
    for argument in sys.argv[1:] or ["primary", "ours"]:
        tool, _, python = argument.partition("=")
        if tool == "primary":
            _line("small cells blank, true totals shown", *measures([*map(primary, FORCES)]))
        elif tool == "ours":
            _line("this project", *measures([*map(ours, FORCES)]))
        else:
            for method, name in TOOLS[tool].items():
                _line(name, *measures(peer(python, method)))


def measures(series: Sequence[list[Release]]) -> list[str]:
    """Return the cells of a method's line in the table, computed over all forces."""
    counts: Counter[str] = Counter()
    for force, releases in zip(FORCES, series, strict=True):
        counts += totals(force) + shown(releases[-1], len(force.months(RELEASES - 1)))
        counts["steps"] += small_steps(releases)
        counts += attacked_last(force, releases[-1])
        counts += attacked_series(force, releases)
    return [
        *(f"{counts[what] / counts[f'all {what}']:.0%}" for what in ("unit", "month", "period")),
        f"{counts['found']} ({counts['found exactly']}) of {counts['small']}",
        f"{counts['found in series']} ({counts['found in series exactly']}) "
        f"of {counts['small in series']}",
        str(counts["steps"]),
        f"{counts['true'] / counts['numbers']:.0%}",
    ]


def totals(force: Force) -> Counter[str]:
    """Count what could be released about a force at the time of the last release.

    `all unit` and `all month` count the numbers other than zero: of each unit and month, and of
    each month of the whole force. `all period` counts the records.
    """
    months = force.months(RELEASES - 1)
    figures = [added(list(month.values())) for month in months]
    return Counter(
        {
            "all unit": sum(bool(n) for month in months for f in month.values() for n in f),
            "all month": sum(bool(n) for figure in figures for n in figure),
            "all period": sum(sum(figure) for figure in figures),
        }
    )


def shown(release: Release, months: int) -> Counter[str]:
    """Count what a release shows.

    `unit`, `month` and `period` count as in `totals`, but leave out totals over all months or over
    both sides. `numbers` counts all numbers other than zero, and `true` those that are true.
    """
    counts: Counter[str] = Counter()
    for one in release:
        if not one.number:
            continue
        counts["numbers"] += 1
        counts["true"] += not one.within
        if len(one.sides) > 1 or len(one.months) == months:
            continue
        if len(one.units) == 1:
            counts["unit"] += len(one.months) == 1
        elif one.units == UNITS:
            counts["month"] += len(one.months) == 1
            counts["period"] += one.number
    return counts


def small_steps(releases: Sequence[Release]) -> int:
    """Count how often a true number changes by 1 to K - 1 from one release to the next."""
    numbers = [{one.what: one.number for one in r if not one.within} for r in releases]
    return sum(
        0 < abs(after[what] - before[what]) < K
        for before, after in pairwise(numbers)
        for what in before.keys() & after.keys()
    )


def primary(force: Force) -> list[Release]:
    """Make releases that leave out only the small numbers."""
    releases = []
    for number in range(RELEASES):
        release: Release = []
        for place, month in enumerate(force.months(number)):
            for unit, figure in {**month, ALL: added(list(month.values()))}.items():
                if may_be_shown(figure, K):
                    release += _both((place,), unit, figure)
        releases.append(release)
    return releases


def ours(force: Force) -> list[Release]:
    """Make releases by the method in `docs/explanation/disclosure-control.md`."""
    known = Releases(K)
    return [
        [
            one
            for (first, last), units in known.release_events(force.months(number)).items()
            for unit, figure in units.items()
            for one in _both(tuple(range(first, last + 1)), unit, figure)
        ]
        for number in range(RELEASES)
    ]


def _both(months: tuple[int, ...], unit: str, figure: Figure) -> Release:
    units = UNITS if unit == ALL else (unit,)
    return [Shown(months, units, (side,), figure[side]) for side in (0, 1)]


def peer(python: str, method: str) -> list[list[Release]]:
    """Make the releases with a tool, each from the records known at the time of that release."""
    cases = [(force, number) for force in FORCES for number in range(RELEASES)]
    records = [
        [
            (record.month, record.unit, 0 if record.is_good else 1, place)
            for place, record in enumerate(force.records)
            if record.known_from <= number < record.gone_by
            and record.month < FIRST_SETTLED + number
        ]
        for force, number in cases
    ]
    done = subprocess.run(
        [python, str(PEER), method],
        input=json.dumps(records),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = [
        [_read(row, len(force.months(number))) for row in rows]
        for (force, number), rows in zip(cases, json.loads(done.stdout), strict=True)
    ]
    return [found[start : start + RELEASES] for start in range(0, len(found), RELEASES)]


def _read(row: Sequence[object], months: int) -> Shown:
    """Return a row of the tool's answer as a number that a release shows.

    None in the row means all months, all units or all sides.
    """
    month, unit, side, number, within = row
    return Shown(
        tuple(range(months)) if month is None else (int(str(month)),),
        UNITS if unit is None else (str(unit),),
        (0, 1) if side is None else (int(str(side)),),
        int(str(number)),
        int(str(within)),
    )


def attacked_last(force: Force, release: Release) -> Counter[str]:
    """Attack the last release alone. Count its small numbers and how many of them are found."""
    number = RELEASES - 1
    cells = _cells(force, [number])
    attacker = Attacker(cells, _statements([(number, release)]))
    return _found(force, attacker, cells, "small", "found")


def attacked_series(force: Force, releases: Sequence[Release]) -> Counter[str]:
    """Attack all releases together. Count the small numbers of the last one as `_found` does.

    Return no counts for a force in which records change or disappear: the attacker assumes that
    counts change only because records arrive late.
    """
    if not force.only_arrivals:
        return Counter()
    cells = _cells(force, list(range(RELEASES)))
    statements = _statements(list(enumerate(releases)))
    attacker = Attacker(cells, statements, only_arrivals=True)
    wanted = [cell for cell in cells if cell.release == RELEASES - 1]
    return _found(force, attacker, wanted, "small in series", "found in series")


def _cells(force: Force, numbers: Sequence[int]) -> list[Cell]:
    return [
        Cell(number, place, unit, side)
        for number in numbers
        for place in range(len(force.months(number)))
        for unit in UNITS
        for side in (0, 1)
    ]


def _statements(releases: Sequence[tuple[int, Release]]) -> list[ReleasedNumber]:
    """Return each released number, with the cells whose sum it is.

    A number that has not changed since it was last released is not returned again.
    """
    known: dict[object, int] = {}
    statements = []
    for number, release in releases:
        for one in release:
            if known.get(one.what) == one.number:
                continue
            known[one.what] = one.number
            cells = frozenset(
                Cell(number, month, unit, side)
                for month in one.months
                for unit in one.units
                for side in one.sides
            )
            statements.append(ReleasedNumber(cells, one.number, one.within))
    return statements


def _found(
    force: Force, attacker: Attacker, cells: Sequence[Cell], small: str, found: str
) -> Counter[str]:
    """Count the small numbers, those that the solver narrows down, and those it finds exactly.

    A number is narrowed down if fewer than K - 1 values remain possible. It is found exactly if one
    value remains possible.

    A release can repeat an older figure although the true number has changed since. Then the true
    number may lie outside the range that the solver computes. In this case it counts neither as
    narrowed down nor as found.
    """
    counts: Counter[str] = Counter()
    for cell in cells:
        number = force.months(cell.release)[cell.month][cell.unit][cell.side]
        if 0 < number < K:
            low, high = attacker.guess([cell])
            counts[small] += 1
            counts[found] += low <= number <= high and high - low < K - 2
            counts[f"{found} exactly"] += low == number == high
    return counts


_write: Callable[[str], int] = sys.stdout.write


def _line(*cells: str) -> None:
    _write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
