"""`python -m tests.year`: publish a year, reproduce every publication, and print a table."""

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tests.year.days import Day, short, whole_year

if TYPE_CHECKING:
    from tests.year.force import Force
    from tests.year.report import Ledger


def main() -> int:
    """Publish and reproduce the selected days.

    Returns 0 if every reproduction equals its publication, otherwise 1.
    """
    arguments = _arguments()
    days = short() if arguments.short else whole_year()
    for name in [name for name in os.environ if name.startswith(("ASSURANCE_", "AIRFLOW_", "PG"))]:
        del os.environ[name]
    os.environ |= {"DO_NOT_TRACK": "1", "GX_ANALYTICS_ENABLED": "false"}
    # The pipeline is imported here for two reasons. The import takes seconds, and `--help` does not
    # need the pipeline. And the imported modules read the environment variables that are set above.
    from oic_assurance.platform.run_log import to_log
    from tests.year.force import Force
    from tests.year.report import Ledger, table

    # dbt and Great Expectations create millions of objects that stay in memory. They make Python's
    # garbage collection slow, so the collection runs only once after each publication or
    # reproduction.
    gc.disable()
    force = Force(arguments.root / "state", days[0].day)
    published = Ledger(arguments.root / "published.jsonl", "day")
    reproductions = Ledger(arguments.root / "reproduced.jsonl", "publication")
    try:
        force.start()
        with to_log(force.settings) as (_, screen):
            if arguments.only != "reproduce":
                waiting = [day for day in days if str(day.day) not in published.lines]
                _publish(force, waiting, published, screen)
            if arguments.only != "publish":
                _reproduce(force, reproductions, screen)
    finally:
        force.stop()
        if not arguments.keep:
            shutil.rmtree(arguments.root, ignore_errors=True)
    print("\n" + table(published.lines.values(), reproductions.lines.values()), flush=True)
    results = reproductions.lines.values()
    return 0 if results and all(one["is_equal"] for one in results) else 1


def _publish(force: "Force", days: list[Day], published: "Ledger", screen: TextIO) -> None:
    for number, day in enumerate(days, start=1):
        began = time.monotonic()
        publication = force.publish_day(day)
        seconds = round(time.monotonic() - began, 1)
        published.add({"day": str(day.day), "publication": publication, "seconds": seconds})
        progress = f"published {number} of {len(days)}  {day.day}  {seconds:5.1f} s"
        print(f"{progress}  {day.event or ''}".rstrip(), file=screen, flush=True)
        gc.collect()


def _reproduce(force: "Force", reproductions: "Ledger", screen: TextIO) -> None:
    from oic_assurance.cli.publication import reproduction
    from oic_assurance.cli.shown import as_text
    from oic_assurance.operations.reproduce import reproduce
    from oic_assurance.publishing.publication import list_publications
    from tests.year.report import reproduced

    waiting = [
        one.publication_id
        for one in reversed(list_publications(force.settings))
        if one.publication_id not in reproductions.lines
    ]
    for number, publication in enumerate(waiting, start=1):
        began = time.monotonic()
        done = reproduce(force.settings, publication)
        line = reproduced(done, time.monotonic() - began)
        reproductions.add(line)
        verdict = "equal    " if done.is_equal else "DIFFERENT"
        progress = f"{verdict} {number} of {len(waiting)}  {line['as_at'][:10]}"
        print(f"{progress}  {line['seconds']:5.1f} s", file=screen, flush=True)
        if not done.is_equal:
            print(as_text(reproduction(done)), file=screen, flush=True)
        gc.collect()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.year", description=__doc__)
    parser.add_argument("--short", action="store_true", help="seven days instead of the year")
    parser.add_argument("--root", type=Path, help="folder for the state, which is kept")
    parser.add_argument("--keep", action="store_true", help="keep the state")
    parser.add_argument(
        "--only", choices=("publish", "reproduce"), help="do only one half of the work"
    )
    arguments = parser.parse_args()
    if arguments.root is None:
        arguments.root = Path(tempfile.mkdtemp(prefix="assurance-year-"))
    else:
        arguments.keep = True
    arguments.root = arguments.root.resolve()
    arguments.root.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
