"""`assurance sources`, `simulate` and `demo`: source systems of this machine, and what fills them.

`make run` calls `demo`.
"""

import sys
from datetime import date, datetime, timedelta
from functools import partial

import click

from oic_assurance import clock
from oic_assurance.cli.group import Group
from oic_assurance.cli.result import Result, Table
from oic_assurance.cli.shown import shows
from oic_assurance.formats import count
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.platform.progress import Screen
from oic_assurance.settings import Settings, load_settings
from oic_assurance.storage.urls import open_url, without_credentials
from oic_assurance.warehouse.connections import connect_source, embedded_databases
from oic_assurance.warehouse.rows import find_row
from simulator.force import DEFAULT_SEED, simulated
from simulator.force import simulate as simulate_force
from simulator.source_systems import create_sources

EIGHTEEN_MONTHS = timedelta(days=548)
#: The file that exists while a simulation is running. If none is running, one was killed.
UNFINISHED = "simulation-unfinished"
seed_option = partial(
    click.option,
    "--seed",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    help="The seed of a new force. The same seed gives the same force.",
)
day_option = partial(
    click.option, type=click.DateTime(formats=["%Y-%m-%d"]), required=True, metavar="DATE"
)


@click.group(cls=Group)
def sources() -> None:
    """Create empty source systems, and write the files that are generated from declarations."""


@sources.command()
@shows
def create(settings: Settings) -> Result:
    """Create missing folders of the dropzone, and missing tables of databases of this machine.

    Tables and folders that exist are not changed. Nothing is created in a database that has a
    connection, because it is the force's own.
    """
    prepare_warehouse(settings)
    systems = [name for name in embedded_databases() if name != "warehouse"]
    create_sources(settings, systems)
    where = f"databases {' and '.join(systems)}, " if systems else ""
    place = without_credentials(settings.dropzone)
    return Result([f"The sources exist: {where}files at {place}."])


@sources.command()
@click.option("--check", is_flag=True, help="Write nothing, and fail if a file is out of date.")
@shows
def document(settings: Settings, check: bool) -> Result:
    """Write the generated files that git has, such as dbt's sources and the data contracts."""
    # No other command of this file needs what makes the files.
    from oic_assurance.reporting.documents import generated

    if check:
        generated.check(settings)
        return Result(["No file is out of date."])
    written = [{"file": str(place)} for place in generated.write(settings)]
    return Result([Table("files", (), written), f"{count(len(written), 'file')} changed."])


@click.command()
@seed_option(required=True)
@day_option("--from", "start", help="The first day.")
@day_option("--to", "end", help="The last day.")
@click.option(
    "--size",
    # A larger force would need collar numbers with five digits.
    type=click.FloatRange(0.2, 2),
    metavar="NUMBER",
    help="How many times as large as Northamptonshire the force is: 0.2 to 2. The default is 1.",
)
@shows
def simulate(
    settings: Settings, seed: int, start: datetime, end: datetime, size: float | None
) -> Result:
    """Fill the sources with a synthetic force.

    If there is a synthetic force already, it is continued from its last day.
    """
    if end < start:
        raise click.UsageError("--to is before --from")
    with Screen(sys.stderr) as screen:
        _make_force(settings, screen, seed, start.date(), end.date(), size)
    return Result([f"The sources have the synthetic force {seed} to {end.date()}."])


@click.command()
@seed_option(default=DEFAULT_SEED)
def demo(seed: int) -> None:
    """Make a synthetic force, or extend the existing one to yesterday. Then do the daily run.

    A new force has 18 months of history. If the sources have data that was not simulated, the
    sources are not changed.
    """
    from oic_assurance.cli.run import run_once

    settings, now = load_settings(), clock.utc_now()
    yesterday = clock.london_day(now) - timedelta(days=1)
    with Screen() as screen:
        with screen.step("Database server and sources"):
            prepare_warehouse(settings)
            create_sources(settings)
        if not _has_force(settings):
            first = (yesterday - EIGHTEEN_MONTHS).replace(day=1)
            _make_force(settings, screen, seed, first, yesterday)
        elif (force := simulated(settings)) is not None and force.last < yesterday:
            _make_force(settings, screen, force.seed, force.last + timedelta(days=1), yesterday)
    run_once(settings, clock.default_as_at(now))


def _make_force(
    settings: Settings, screen: Screen, seed: int, start: date, end: date, size: float | None = None
) -> None:
    """Simulate a force from `start` to `end`. `size` is that of `simulator.force.simulate`."""
    with screen.step(f"Synthetic force {seed} to {end}") as step:
        prepare_warehouse(settings)
        (settings.home / UNFINISHED).touch()
        simulate_force(settings, seed, start, end, progress=step.advance, size=size)
        (settings.home / UNFINISHED).unlink()


def _has_force(settings: Settings) -> bool:
    """Tell whether the sources have data: a file in the dropzone, or an occurrence in RMS.

    If a simulation was killed before its end, its data does not count, and the result is False.
    """
    if (settings.home / UNFINISHED).exists():
        return False
    files, root = open_url(settings.dropzone)
    if files.find(root):
        return True
    with connect_source(settings, "rms") as rms:
        return find_row(rms, "select from rms.occurrence limit 1") is not None
