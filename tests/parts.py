"""`make test-all`: the parts of all tests, one after another, and a table of their results.

`python -m tests.parts` runs every part, and goes on after one that fails. With names, it runs only
the parts of these names.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]

#: More random examples than `make test` draws.
EXAMPLES = {"LANDING_EXAMPLES": "25", "FILE_EXAMPLES": "25", "SEQUENCE_EXAMPLES": "60"}


@dataclass(frozen=True)
class Part:
    """Tests that are run together. Without folders, they are the slow ones of no other part."""

    what: str
    folders: tuple[str, ...] = ()
    #: Whether the tests start programs that take long and show their progress.
    shows_progress: bool = False


ORDINARY = "ordinary"
#: The slow tests by what they need, after the tests of `make test`.
PARTS = {
    ORDINARY: Part("what `make test` runs, with more random examples"),
    "packages": Part("slow tests of single packages, and of the national view"),
    "runs": Part(
        "whole daily runs through Airflow, and what each place says in each state",
        ("end_to_end", "dags", "sentences"),
    ),
    "readers": Part("ODBC, LibreOffice, Chromium and Superset", ("readers", "browser")),
    "connectors": Part("other databases, stores and services", ("connectors",)),
    "spark": Part("builds on a Spark cluster", ("spark",)),
    "deployment": Part("the image and both sizes of the deployment", ("deployment",)),
    "forces": Part(
        "several forces, workers that fail, and failures of whole runs", ("forces", "night")
    ),
    "machines": Part("unusual machines, accounts and disks", ("machines",)),
    "failures": Part(
        "processes killed at every point, and random sequences of runs",
        ("crash", "sequences"),
        shows_progress=True,
    ),
    "upgrade": Part("upgrades", ("upgrade",)),
    "year": Part("a year of publications, reproduced", ("year",), shows_progress=True),
    "catalogue": Part("every known defect", ("catalogue",), shows_progress=True),
    "mutants": Part(
        "every mutant of a rule is noticed by a test", ("mutants",), shows_progress=True
    ),
}


def command(name: str) -> list[str]:
    """Return the command that runs the part with this name."""
    if name == ORDINARY:
        return ["make", "--no-print-directory", "test"]
    slow = [sys.executable, "-m", "pytest", "-q", "-m", "slow"]
    slow += ["--capture=no"] if PARTS[name].shows_progress else []
    folders = PARTS[name].folders
    if folders:
        return [*slow, *(f"tests/{folder}" for folder in folders)]
    elsewhere = [folder for part in PARTS.values() for folder in part.folders]
    return [*slow, "tests", *(f"--ignore=tests/{folder}" for folder in elsewhere)]


def main(names: list[str]) -> int:
    """Run parts. Return 0 if every test passed."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]}. Choose from {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    results = {}
    for name in names or PARTS:
        print(f"\n{name}: {PARTS[name].what}", flush=True)
        began = time.monotonic()
        environment = os.environ | EXAMPLES
        done = subprocess.run(command(name), cwd=PROJECT, env=environment, check=False)
        results[name] = done.returncode, (time.monotonic() - began) / 60
    print(f"\n{'part':12} {'result':8} {'minutes':>7}  what it is")
    for name, (code, minutes) in results.items():
        result = "FAILED" if code else "passed"
        print(f"{name:12} {result:8} {minutes:7.0f}  {PARTS[name].what}")
    return int(any(code for code, _ in results.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
