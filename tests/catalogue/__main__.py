"""`python -m tests.catalogue`: inject defects one after another, then print a table."""

import argparse
import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.catalogue.defect import STAGES, Defect, catalogue
from tests.crash.world import MEMORY, environment_of_tests


def main() -> int:
    """Inject the selected defects. With `--clean`, run days without defects instead.

    Returns 0 if each defect is caught by the check that the catalogue names or, with `--clean`, if
    there are few enough false alarms. Otherwise returns 1.
    """
    arguments = _arguments()
    wanted = [
        one
        for one in catalogue()
        if arguments.only in ([], None) or one.name in arguments.only
        if arguments.stage in (None, one.stage)
    ]
    if arguments.list:
        print(*(f"{one.stage:11} {one.name:38} {one.description}" for one in wanted), sep="\n")
        return 0
    for name in os.environ.keys() - environment_of_tests().keys():
        del os.environ[name]
    os.environ |= {"DO_NOT_TRACK": "1", "GX_ANALYTICS_ENABLED": "false"}
    try:
        if arguments.clean:
            return _clean(arguments.root, arguments.clean, with_great=arguments.great)
        return _inject(arguments.root, wanted)
    finally:
        if not arguments.keep:
            shutil.rmtree(arguments.root, ignore_errors=True)


def _inject(root: Path, wanted: list[Defect]) -> int:
    # The pipeline is imported here for two reasons. The import takes seconds, and `--list` does not
    # need the pipeline. And the imported modules read environment variables that `main` has set
    # before it calls this function.
    from oic_assurance.platform.run_log import to_log
    from tests.catalogue.report import counted, line, totals, write_results
    from tests.catalogue.runner import run
    from tests.catalogue.world import World

    # dbt and Great Expectations create millions of objects that stay in memory. They make Python's
    # garbage collection slow, so the collection runs only once after each defect.
    gc.disable()
    world = World(root)
    results, problems = [], []
    try:
        with to_log(world.settings) as (_, screen):
            world.start()
            for one in wanted:
                result = run(world, one)
                results.append(result)
                print(line(result), file=screen, flush=True)
                if result.problem:
                    problems.append(f"{one.name}: {result.problem}")
                    print(f"    {result.problem}", file=screen, flush=True)
                gc.collect()
    finally:
        world.stop()
    if len(results) == len(catalogue()) and not problems:
        write_results(results)
    print(f"\n{totals(counted(results))}\n", *problems, sep="\n")
    return 1 if problems else 0


def _clean(root: Path, count: int, *, with_great: bool) -> int:
    """Run `count` clean days and print the false alarms. Return 0 if they are few enough.

    With `with_great`, run the great days after them.
    """
    from oic_assurance.platform.run_log import to_log
    from oic_assurance.settings import load_settings
    from tests.catalogue import clean

    os.environ["ASSURANCE_HOME"] = str(root / "state")
    alarms_so_far = []
    with to_log(load_settings()) as (_, screen):
        for day, alarms in clean.run_days(root, count, with_great=with_great):
            alarms_so_far += alarms
            print(day, *(f"{one.severity}: {one.check}" for one in alarms), file=screen, flush=True)
    print(clean.table(alarms_so_far, count))
    return 0 if clean.is_acceptable(alarms_so_far) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.catalogue", description=__doc__)
    parser.add_argument("--only", nargs="+", help="names of defects to inject")
    parser.add_argument("--stage", choices=STAGES, help="inject only the defects of this stage")
    parser.add_argument("--list", action="store_true", help="list the defects and inject none")
    parser.add_argument(
        "--clean", type=int, metavar="DAYS", help="run this many clean days and count false alarms"
    )
    parser.add_argument(
        "--great", action="store_true", help="run the great days after the clean days"
    )
    parser.add_argument("--root", type=Path, help="folder for the world, which is kept and reused")
    arguments = parser.parse_args()
    arguments.keep = arguments.root is not None
    if arguments.root is None:
        place = str(MEMORY) if MEMORY.is_dir() else None
        arguments.root = Path(tempfile.mkdtemp(prefix="assurance-catalogue-", dir=place))
    arguments.root = arguments.root.resolve()
    arguments.root.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
