"""`assurance force`: write, check and compare folders of forces."""

import os
from pathlib import Path

import click

from oic_assurance.builds.force_folder import read_force
from oic_assurance.builds.policy_check import check_policy
from oic_assurance.builds.seeds import Seeds, homes_of_seeds, read_seeds
from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Result, Table, columns
from oic_assurance.cli.shown import shows
from oic_assurance.clock import london_day, utc_now
from oic_assurance.formats import count
from oic_assurance.operations.force_folders import differences, write_from, write_like
from oic_assurance.reporting.paper.document import write_page, write_pdf
from oic_assurance.reporting.undertaken import undertaken
from oic_assurance.settings import (
    DEFAULT_FOLDER,
    FORCE_FOLDER,
    KIND,
    PROJECT_ROOT,
    Settings,
    load_settings,
)

_FOLDER = click.Path(path_type=Path, file_okay=False)
folder_argument = click.argument("folder", type=_FOLDER)


@click.group(cls=Group)
def force() -> None:
    """Write, check and compare folders of forces. Each has what one force undertook."""


@force.command()
@folder_argument
@click.option("--code", metavar="CODE", help="The ONS code of the new force.")
@click.option("--name", default="", help="How reports call it. Default: its ONS name.")
@click.option("--like", type=_FOLDER, help="The folder to copy. Default: Northamptonshire's.")
@click.option("--bare", is_flag=True, help="Copy no point, and nothing that only some forces have.")
@click.option(
    "--from", "seeds", type=_FOLDER, help="The folder of policy seeds of a checkout of 1.0."
)
@shows
def new(
    folder: Path, code: str | None, name: str, like: Path | None, seeds: Path | None, *, bare: bool
) -> Result:
    """Write a FOLDER for another force, which runs, or one from the seeds of a checkout of 1.0.

    A copied row is neither approved nor has it a source: its new force has not undertaken it yet.
    """
    like = like or PROJECT_ROOT / DEFAULT_FOLDER
    check = f"`assurance force check {folder}`"
    if seeds is not None:
        changed = write_from(folder, seeds, like, homes_of_seeds(PROJECT_ROOT))
        said = ", ".join(changed) or "none"
        return Result([f"{folder} is written. Seeds that differ from {like.name}: {said}."], check)
    if not code:
        raise click.UsageError("Name the force with --code, or old seeds with --from.")
    write_like(folder, like, code.strip().upper(), name, bare=bare)
    rows = "no point" if bare else f"the rows of {like.name}"
    return Result([f"{folder} is written, with {rows}."], next=check)


@force.command()
@folder_argument
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what was undertaken to this file, as HTML or PDF.",
)
@shows
def check(folder: Path, page: Path | None) -> Result:
    """Check the whole FOLDER of a force, and say what is wrong with file, line and column.

    Each day has one row of each policy, no row lacks its source, and no code is unknown.
    """
    settings, seeds = _read(folder)
    today = london_day(utc_now())
    check_policy(settings, today)
    found = read_force(folder)
    rows = sum(len(one.rows) for one in seeds.values())
    said = f"{folder} is the folder of {found.name} ({found.code}): {count(rows, 'row')} of seeds."
    if page is None:
        return Result([said])
    write = write_pdf if page.suffix.lower() == ".pdf" else write_page
    write(undertaken(found, seeds, today), page)
    return Result([said, f"What was undertaken is in {page}."])


@force.command()
@click.argument("first", type=_FOLDER)
@click.argument("second", type=_FOLDER)
@shows
def diff(first: Path, second: Path) -> Result:
    """Say what the forces of two folders undertook differently."""
    _, ours = _read(first)
    _, theirs = _read(second)
    shown = columns("seed", "row", "column", f"first={first.name}", f"second={second.name}")
    found = list(differences(ours, theirs))
    said = "" if found else "The two forces undertook the same."
    return Result([Table("differences", shown, found), *([said] if said else [])])


def _read(folder: Path) -> tuple[Settings, Seeds]:
    """Return the settings of a process for the force of a folder, and its seeds."""
    os.environ.update({FORCE_FOLDER: str(folder), KIND: "force"})
    os.environ.pop("ASSURANCE_FORCE_CODE", None)
    settings = load_settings()
    return settings, read_seeds(settings.project_root)
