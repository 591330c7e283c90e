"""Compare the cost of landing with that of simpler ways to load the same rows.

`python -m benchmarks [--rows N]… [--pairs N] [--only CASE]… [--home FOLDER]`

Writes a table of the costs into the README, which calls the simpler way "the peer". `make bench`
runs this module first.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.table import write_table
from benchmarks.world import World


def main() -> None:
    """Run each chosen case for each chosen number of rows, and write the table of the README."""
    options = _options()
    results = []
    with tempfile.TemporaryDirectory(prefix="assurance-bench-", dir=options.home) as home:
        Path(home).chmod(0o711)
        world = World(Path(home))
        try:
            world.make_peer_tables()
            for rows in options.rows:
                if set(options.only) - {"files"}:
                    world.fill(rows)
                for name in options.only:
                    world.forget()
                    world.make_peer_tables()
                    results += list(CASES[name](world, rows, options.pairs))
        finally:
            world.close()
    write_table(results, options.pairs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--home", type=Path, default=None, help="a folder with 20 GB of free space")
    return parser.parse_args()


if __name__ == "__main__":
    main()
