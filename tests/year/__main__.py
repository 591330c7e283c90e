"""`python -m tests.year`: publish the year, compute every publication again, a table at the end."""

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
    """Live and reproduce what is asked for; 0 when every publication is what it was."""
    asked = _arguments()
    days = short() if asked.short else whole_year()
    for name in [name for name in os.environ if name.startswith(("ASSURANCE_", "AIRFLOW_", "PG"))]:
        del os.environ[name]
    os.environ |= {"DO_NOT_TRACK": "1", "GX_ANALYTICS_ENABLED": "false"}
    # Imported here: it takes seconds, which `--help` need not, and reads the environment.
    from oic_assurance.reporting.screens.run_log import to_log
    from tests.year.force import Force
    from tests.year.report import Ledger, table

    # dbt and Great Expectations make millions of objects that stay: looked at once a day.
    gc.disable()
    force = Force(asked.root / "state", days[0].day)
    lived = Ledger(asked.root / "published.jsonl", "day")
    again = Ledger(asked.root / "reproduced.jsonl", "publication")
    try:
        force.start()
        with to_log(force.settings) as (_, screen):
            if asked.only != "reproduce":
                waiting = [day for day in days if str(day.day) not in lived.lines]
                _publish(force, waiting, lived, screen)
            if asked.only != "publish":
                _reproduce(force, again, screen)
    finally:
        force.stop()
        if not asked.keep:
            shutil.rmtree(asked.root, ignore_errors=True)
    print("\n" + table(lived.lines.values(), again.lines.values()), flush=True)
    return 0 if again.lines and all(one["is_equal"] for one in again.lines.values()) else 1


def _publish(force: "Force", days: list[Day], lived: "Ledger", screen: TextIO) -> None:
    for number, day in enumerate(days, start=1):
        began = time.monotonic()
        publication = force.live(day)
        seconds = round(time.monotonic() - began, 1)
        lived.add({"day": str(day.day), "publication": publication, "seconds": seconds})
        told = f"published {number} of {len(days)}  {day.day}  {seconds:5.1f} s  {day.deed or ''}"
        print(told.rstrip(), file=screen, flush=True)
        gc.collect()


def _reproduce(force: "Force", again: "Ledger", screen: TextIO) -> None:
    from oic_assurance.operations.reproduce.reproduce import reproduce
    from oic_assurance.publishing.publication import list_publications
    from oic_assurance.reporting.screens.reproduced import reproduction_screen
    from tests.year.report import reproduced

    waiting = [
        one.publication_id
        for one in reversed(list_publications(force.settings))
        if one.publication_id not in again.lines
    ]
    for number, publication in enumerate(waiting, start=1):
        began = time.monotonic()
        done = reproduce(force.settings, publication)
        line = reproduced(done, time.monotonic() - began)
        again.add(line)
        word = "equal    " if done.is_equal else "DIFFERENT"
        told = f"{word} {number} of {len(waiting)}  {line['as_at'][:10]}  {line['seconds']:5.1f} s"
        print(told, file=screen, flush=True)
        if not done.is_equal:
            print(reproduction_screen(done), file=screen, flush=True)
        gc.collect()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.year", description=__doc__)
    parser.add_argument("--short", action="store_true", help="seven days instead of the year")
    parser.add_argument("--root", type=Path, help="where the state is kept; again: goes on")
    parser.add_argument("--keep", action="store_true", help="keep it, to go on or look at it")
    parser.add_argument("--only", choices=("publish", "reproduce"), help="one half of the work")
    asked = parser.parse_args()
    if asked.root is None:
        asked.root = Path(tempfile.mkdtemp(prefix="assurance-year-"))
    else:
        asked.keep = True
    asked.root = asked.root.resolve()
    asked.root.mkdir(parents=True, exist_ok=True)
    return asked


if __name__ == "__main__":
    sys.exit(main())
