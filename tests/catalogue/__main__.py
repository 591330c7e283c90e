"""`python -m tests.catalogue`: defects one after the other, a table at the end."""

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
    """Let loose what is asked for; 0 when each is caught as the catalogue says."""
    asked = _arguments()
    wanted = [
        one
        for one in catalogue()
        if asked.only in ([], None) or one.name in asked.only
        if asked.stage in (None, one.stage)
    ]
    if asked.list:
        print(*(f"{one.stage:11} {one.name:38} {one.words}" for one in wanted), sep="\n")
        return 0
    for name in os.environ.keys() - environment_of_tests().keys():
        del os.environ[name]
    os.environ |= {"DO_NOT_TRACK": "1", "GX_ANALYTICS_ENABLED": "false"}
    try:
        return _clean(asked.root, asked.clean) if asked.clean else _let_loose(asked.root, wanted)
    finally:
        if not asked.keep:
            shutil.rmtree(asked.root, ignore_errors=True)


def _let_loose(root: Path, wanted: list[Defect]) -> int:
    # Imported here: it takes seconds, which `--list` need not, and reads the environment.
    from oic_assurance.reporting.screens.run_log import to_log
    from tests.catalogue.report import line, totals, write_page
    from tests.catalogue.runner import run
    from tests.catalogue.world import World

    # dbt and Great Expectations make millions of objects that stay: looked at after each defect.
    gc.disable()
    world = World(root)
    results, complaints = [], []
    try:
        with to_log(world.settings) as (_, screen):
            world.start()
            for one in wanted:
                result = run(world, one)
                results.append(result)
                print(line(result), file=screen, flush=True)
                if result.complaint:
                    complaints.append(f"{one.name}: {result.complaint}")
                    print(f"    {result.complaint}", file=screen, flush=True)
                gc.collect()
    finally:
        world.stop()
    if len(results) == len(catalogue()) and not complaints:
        write_page(results)
    print(f"\n{totals(results)}\n", *complaints, sep="\n")
    return 1 if complaints else 0


def _clean(root: Path, count: int) -> int:
    """Live clean days and count the alarms."""
    from oic_assurance.reporting.screens.run_log import to_log
    from oic_assurance.settings import load_settings
    from tests.catalogue import clean

    os.environ["ASSURANCE_HOME"] = str(root / "state")
    told = []
    with to_log(load_settings()) as (_, screen):
        for day, alarms in clean.live(root, count):
            told += alarms
            print(day, *(f"{one.severity}: {one.check}" for one in alarms), file=screen, flush=True)
    print(clean.table(told, count))
    return 0 if clean.is_quiet(told) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.catalogue", description=__doc__)
    parser.add_argument("--only", nargs="+", help="names of defects")
    parser.add_argument("--stage", choices=STAGES, help="what is harmed")
    parser.add_argument("--list", action="store_true", help="name them, let none loose")
    parser.add_argument("--clean", type=int, metavar="DAYS", help="count false alarms instead")
    parser.add_argument("--root", type=Path, help="where the world is kept, to go on with it")
    asked = parser.parse_args()
    asked.keep = asked.root is not None
    if asked.root is None:
        place = str(MEMORY) if MEMORY.is_dir() else None
        asked.root = Path(tempfile.mkdtemp(prefix="assurance-catalogue-", dir=place))
    asked.root = asked.root.resolve()
    asked.root.mkdir(parents=True, exist_ok=True)
    return asked


if __name__ == "__main__":
    sys.exit(main())
