"""Dump every published table of synthetic forces, and compare two dumps.

    python -m tests.figures dump FOLDER --seed 1 --seed 2 --seed 3
    python -m tests.figures compare BEFORE AFTER

For each seed, `dump` simulates a force for sixteen months, publishes its figures, adds five days,
and publishes again, so that the dump contains restatements and the history of exceptions. Run
`dump` twice: in a checkout of the code before the change, and in a checkout with the change.
`compare` exits with 1 if the dumps differ in a column that both have.
"""

import os
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import click
import psycopg

from tests.figures.tables import compare, dump

#: The key of the pseudonyms. Both dumps use it, so that an officer has the same pseudonym in both.
#: It need not be secret, because the force is synthetic.
KEY = "8f1d0b2c5e7a49d3a6c4f80e1b97d25360ce4a7b9d1f38e2c5b06a94d7f3e812"
FIRST, SECOND = ("2025-01-01", "2026-04-30"), ("2026-05-01", "2026-05-05")


@click.group()
def main() -> None:
    """Compare published figures before and after a change."""


@main.command("dump")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2, 3), show_default=True)
def dump_command(folder: Path, seeds: tuple[int, ...]) -> None:
    """Publish a synthetic force twice for each seed, and write all published tables into FOLDER."""
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="assurance-figures-") as home:
            environment = {
                **os.environ, "ASSURANCE_HOME": home, "ASSURANCE_PSEUDONYM_KEY": KEY,
            }  # fmt: skip
            try:
                for first, last in (FIRST, SECOND):
                    _assurance(
                        environment, "simulate", "--seed", str(seed), "--from", first, "--to", last
                    )
                    _assurance(environment, "run", "--as-at", f"{_day_after(last)}T05:30")
                with psycopg.connect(_assurance(environment, "db", "url", "admin")) as warehouse:
                    tables = dump(warehouse, folder / str(seed))
                click.echo(f"seed {seed}: {tables} tables in {folder / str(seed)}")
            finally:
                _assurance(environment, "db", "stop")


@main.command("compare")
@click.argument("before", type=click.Path(exists=True, path_type=Path))
@click.argument("after", type=click.Path(exists=True, path_type=Path))
def compare_command(before: Path, after: Path) -> None:
    """Compare the dumps BEFORE and AFTER, table by table, in the columns that both have."""
    differences = 0
    for folder in sorted(before.iterdir()):
        for line in compare(folder, after / folder.name):
            click.echo(f"seed {folder.name}: {line.text}")
            differences += line.is_difference
    click.echo("equal" if not differences else f"{differences} tables differ")
    sys.exit(bool(differences))


def _assurance(environment: dict[str, str], *arguments: str) -> str:
    """Run an `assurance` command and return its output. Its errors go to the terminal.

    Raises:
        subprocess.CalledProcessError: the command fails.
    """
    command = [sys.executable, "-m", "oic_assurance.cli", *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


if __name__ == "__main__":
    main()
