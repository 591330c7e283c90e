"""`python -m tests.mutants`: mutants one after the other, a table at the end."""

import argparse
import dataclasses
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.crash.world import MEMORY, environment_of_tests
from tests.mutants.mutants import Mutant, all_mutants, write_marked
from tests.mutants.report import (
    WANTED,
    Result,
    Results,
    as_entries,
    explained,
    key,
    share_caught,
    table,
)

if TYPE_CHECKING:
    from tests.mutants.units import UnitTests
    from tests.mutants.world import World


def main() -> int:
    """Judge what is asked for; 0 when enough is caught and every survivor is explained."""
    asked = _arguments()
    for name in os.environ.keys() - environment_of_tests().keys():
        del os.environ[name]
    every = all_mutants()
    mutants = [mutant for mutant in every if asked.only in (None, mutant.model, mutant.folder)]
    if asked.sample:
        drawn = random.Random(asked.seed).sample(mutants, min(asked.sample, len(mutants)))
        mutants = sorted(drawn, key=lambda mutant: mutant.number)
    if asked.list:
        print(*mutants, sep="\n")
        return 0
    explained()  # that it can be read is better known before than after
    try:
        results = _judge(asked.root, every, mutants)
    finally:
        if not asked.keep:
            shutil.rmtree(asked.root, ignore_errors=True)
    return _tell(mutants, results)


def _judge(root: Path, every: list[Mutant], mutants: list[Mutant]) -> Results:
    """Ask the unit tests first, then the oracle's world about those that lived."""
    # Imported here: it takes seconds, which `--help` need not.
    from oic_assurance.builds.version import project_fingerprint, rules_fingerprint
    from oic_assurance.settings import load_settings
    from oic_assurance.warehouse import embedded
    from tests.mutants.units import UnitTests, build_from_nothing
    from tests.mutants.world import World

    settings = dataclasses.replace(load_settings(), home=root / "rules", pg_port=None)
    results = Results(root / f"results-{project_fingerprint(settings)[:12]}.jsonl")
    waiting = [mutant for mutant in mutants if mutant.number not in results.known]
    if not waiting:
        return results
    write_marked(root, every)
    embedded.start(settings)
    try:
        build_from_nothing(settings)
        _by_units(UnitTests(settings, root, "test_type:unit"), waiting, results)
    finally:
        embedded.stop(settings)
    lived = [mutant for mutant in waiting if mutant.number not in results.known]
    if lived:
        world = World(root / f"world-{rules_fingerprint(settings)[:12]}")
        try:
            world.start(root)
            _by_world(world, lived, results)
        finally:
            world.stop()
    return results


def _by_units(tests: "UnitTests", mutants: list[Mutant], results: Results) -> None:
    began = time.monotonic()
    for mutant in mutants:
        said = tests.judge(mutant)
        if said.is_unreadable:
            results.add(Result(mutant.number, "unreadable"))
        elif said.noticed_by:
            results.add(Result(mutant.number, "unit test", said.noticed_by))
    caught = sum(mutant.number in results.known for mutant in mutants)
    took = time.monotonic() - began
    print(f"{len(tests)} unit tests caught {caught} of {len(mutants)} in {took:.0f} s", flush=True)


def _by_world(world: "World", mutants: list[Mutant], results: Results) -> None:
    began = time.monotonic()
    for done, mutant in enumerate(mutants, start=1):
        difference = world.judge(mutant)
        results.add(Result(mutant.number, "oracle" if difference else "lived", difference))
        if done % 50 == 0:
            left = (time.monotonic() - began) / done * (len(mutants) - done)
            print(f"oracle: {done} of {len(mutants)}, {left:.0f} s left", flush=True)


def _tell(mutants: list[Mutant], results: Results) -> int:
    """Print the table and the survivors that nobody has explained."""
    known = {mutant.number: results.known[mutant.number] for mutant in mutants}
    reasons = explained()
    lived = [mutant for mutant in mutants if known[mutant.number].fate == "lived"]
    open_ones = [mutant for mutant in lived if key(mutant) not in reasons]
    made = {key(mutant) for mutant in mutants}
    dead = (reasons.keys() & made) - {key(mutant) for mutant in lived}
    print("\n" + table(mutants, known))
    for place in sorted(dead):
        print(f"EXPLAINED THOUGH CAUGHT {' | '.join(place)}")
    for mutant in open_ones:
        print(f"LIVED {mutant}")
    if open_ones:
        print("\nFor survivors.yml, when it cannot matter:\n" + as_entries(open_ones))
    return 0 if not (open_ones or dead) and share_caught(known.values()) >= WANTED else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", help="a model, a file of macros, or a folder of them")
    parser.add_argument("--sample", type=int, help="so many, drawn at random")
    parser.add_argument("--seed", type=int, default=7, help="equal seeds, equal samples")
    parser.add_argument("--list", action="store_true", help="name the mutants, judge none")
    parser.add_argument("--root", type=Path, help="where worlds and results are kept, to go on")
    asked = parser.parse_args()
    asked.keep = asked.root is not None
    if asked.root is None:
        place = str(MEMORY) if MEMORY.is_dir() else None
        asked.root = Path(tempfile.mkdtemp(prefix="assurance-mutants-", dir=place))
    asked.root = asked.root.resolve()
    asked.root.mkdir(parents=True, exist_ok=True)
    return asked


if __name__ == "__main__":
    sys.exit(main())
