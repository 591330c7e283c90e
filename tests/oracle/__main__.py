"""Compare the marts with the oracle, and print every difference.

`python -m tests.oracle --seeds 1 2 3 --home DIR`
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from .compare import Difference
from .runner import CommandError, check


def main() -> int:
    """Check the given seeds. Return 1 if any difference is not soft, else 0.

    A difference is soft if the contract leaves the answer open.
    """
    parser = argparse.ArgumentParser(prog="tests.oracle", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--home", type=Path, required=True, help="folder to create and fill")
    parser.add_argument("--as-at", nargs="*", help="moments of the runs on the first day")
    parser.add_argument("--later", nargs="*", help="moments of the runs that know the second day")
    parser.add_argument(
        "--limit", type=int, default=12, help="differences to print for each table and column"
    )
    parser.add_argument(
        "--source-down", action="store_true", help="end with a run while a source is unavailable"
    )
    given = parser.parse_args()
    hard = 0
    for seed in given.seeds:
        home = given.home / f"seed{seed}"
        runs = check(seed, home, given.as_at, given.later, source_down=given.source_down)
        try:
            for title, differences in runs:
                hard += _print(f"seed {seed}, {title}", differences, given.limit)
        except CommandError as failure:
            print(f"seed {seed}: {failure}")
            hard += 1
    return 1 if hard else 0


def _print(title: str, differences: list[Difference], limit: int) -> int:
    """Print the differences of one run, at most a few of each kind.

    Returns the number of differences that are not soft.
    """
    hard = sum(not difference.soft for difference in differences)
    print(f"== {title}: {hard} differences, {len(differences) - hard} soft", flush=True)
    shown: Counter[tuple[str, str]] = Counter()
    for difference in differences:
        kind = (difference.table, difference.column)
        shown[kind] += 1
        if shown[kind] <= limit:
            print(f"   {difference}")
    for kind, times in shown.items():
        if times > limit:
            print(f"   … {times - limit} more of {kind[0]}.{kind[1]}")
    return hard


if __name__ == "__main__":
    sys.exit(main())
