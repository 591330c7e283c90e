"""`python -m tests.mutants`: judge mutants one after another, then print a table."""

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
    LEAST_SHARE,
    Result,
    Results,
    as_entries,
    key,
    reasons_of_survivors,
    share_caught,
    table,
)

if TYPE_CHECKING:
    from tests.mutants.units import UnitTests
    from tests.mutants.world import World


def main() -> int:
    """Judge the selected mutants and print the results.

    Returns 0 if enough mutants are caught, every survivor has a reason in survivors.yml, and no
    mutant that is listed there was caught. Otherwise returns 1.
    """
    arguments = _arguments()
    for name in os.environ.keys() - environment_of_tests().keys():
        del os.environ[name]
    every = all_mutants()
    mutants = [mutant for mutant in every if arguments.only in (None, mutant.model, mutant.folder)]
    if not mutants:
        known = sorted({mutant.folder for mutant in every} | {mutant.model for mutant in every})
        print(f"--only {arguments.only}: no mutants; choose one of {', '.join(known)}")
        return 2
    if arguments.sample:
        drawn = random.Random(arguments.seed).sample(mutants, min(arguments.sample, len(mutants)))
        mutants = sorted(drawn, key=lambda mutant: mutant.number)
    if arguments.list:
        print(*mutants, sep="\n")
        return 0
    reasons_of_survivors()  # to fail now, and not at the end, if the file cannot be read
    try:
        results = _judge(arguments.root, every, mutants)
    finally:
        if not arguments.keep:
            shutil.rmtree(arguments.root, ignore_errors=True)
    return _report(mutants, results)


def _judge(root: Path, every: list[Mutant], mutants: list[Mutant]) -> Results:
    """Judge each mutant with dbt's unit tests or, if none notices it, with the oracle.

    To judge with the oracle, the marts of a small world are built with the mutant and compared with
    the marts of the unchanged rules, which agree with the oracle.
    """
    # The product is imported here because the import takes seconds and `--help` does not need it.
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
    survived = [mutant for mutant in waiting if mutant.number not in results.known]
    if survived:
        world = World(root / f"world-{rules_fingerprint(settings)[:12]}")
        try:
            world.start(root)
            _by_world(world, survived, results)
        finally:
            world.stop()
    return results


def _by_units(tests: "UnitTests", mutants: list[Mutant], results: Results) -> None:
    began = time.monotonic()
    for mutant in mutants:
        verdict = tests.judge(mutant)
        if verdict.is_unreadable:
            results.add(Result(mutant.number, "unreadable"))
        elif verdict.noticed_by:
            results.add(Result(mutant.number, "unit test", verdict.noticed_by))
    caught = sum(mutant.number in results.known for mutant in mutants)
    took = time.monotonic() - began
    print(f"{len(tests)} unit tests caught {caught} of {len(mutants)} in {took:.0f} s", flush=True)


def _by_world(world: "World", mutants: list[Mutant], results: Results) -> None:
    began = time.monotonic()
    for done, mutant in enumerate(mutants, start=1):
        difference = world.judge(mutant)
        results.add(Result(mutant.number, "oracle" if difference else "survived", difference))
        if done % 50 == 0:
            left = (time.monotonic() - began) / done * (len(mutants) - done)
            print(f"oracle: {done} of {len(mutants)}, {left:.0f} s left", flush=True)


def _report(mutants: list[Mutant], results: Results) -> int:
    """Print the table, survivors without a reason, and caught mutants that are listed as survivors.

    Returns the exit code of the program.
    """
    known = {mutant.number: results.known[mutant.number] for mutant in mutants}
    reasons = reasons_of_survivors()
    survived = [mutant for mutant in mutants if known[mutant.number].outcome == "survived"]
    unexplained = [mutant for mutant in survived if key(mutant) not in reasons]
    made = {key(mutant) for mutant in mutants}
    caught = (reasons.keys() & made) - {key(mutant) for mutant in survived}
    print("\n" + table(mutants, known))
    for place in sorted(caught):
        print(f"LISTED AS SURVIVOR BUT CAUGHT {' | '.join(place)}")
    for mutant in unexplained:
        print(f"SURVIVED {mutant}")
    if unexplained:
        print("\nFor survivors.yml, if no figure can change:\n" + as_entries(unexplained))
    return 0 if not (unexplained or caught) and share_caught(known.values()) >= LEAST_SHARE else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", help="only this model, macro file or folder")
    parser.add_argument("--sample", type=int, help="only this number of mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same sample")
    parser.add_argument("--list", action="store_true", help="list the mutants and judge none")
    parser.add_argument("--root", type=Path, help="folder for worlds and results, which is kept")
    arguments = parser.parse_args()
    arguments.keep = arguments.root is not None
    if arguments.root is None:
        place = str(MEMORY) if MEMORY.is_dir() else None
        arguments.root = Path(tempfile.mkdtemp(prefix="assurance-mutants-", dir=place))
    arguments.root = arguments.root.resolve()
    arguments.root.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
