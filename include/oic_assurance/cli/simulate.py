"""`assurance simulate`: fill the source databases and the dropzone with a synthetic force."""

import sys
from datetime import date, datetime
from pathlib import Path

import click

from oic_assurance.cli.result import Result
from oic_assurance.cli.shown import shows
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.platform.progress import Screen
from oic_assurance.settings import Settings, load_settings
from simulator.force import simulate as simulate_force
from simulator.source_systems import create_sources

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    required=True,
    help="The seed. The same seed gives the same force.",
)
@click.option("--from", "start", type=DAY, required=True, metavar="DATE", help="The first day.")
@click.option("--to", "end", type=DAY, required=True, metavar="DATE", help="The last day.")
@click.option(
    "--size",
    # A larger force would need collar numbers with five digits.
    type=click.FloatRange(0.2, 2),
    metavar="NUMBER",
    help="How many times as large as Northamptonshire the force is: 0.2 to 2. The default is 1.",
)
@shows
def simulate(seed: int, start: datetime, end: datetime, size: float | None) -> Result:
    """Fill the sources with a synthetic force.

    If there is a synthetic force already, it is continued from its last day.
    """
    if end < start:
        raise click.UsageError("--to is before --from")
    with Screen(sys.stderr) as screen:
        make_force(load_settings(), screen, seed, start.date(), end.date(), size)
    return Result([f"The sources have the synthetic force {seed} to {end.date()}."])


def make_force(
    settings: Settings, screen: Screen, seed: int, start: date, end: date, size: float | None = None
) -> None:
    """Create the sources that are missing, and simulate a force in them from `start` to `end`.

    `size` is that of `simulator.force.simulate`.
    """
    with screen.step(f"Synthetic force {seed} to {end}") as step:
        prepare_warehouse(settings)
        create_sources(settings)
        unfinished = unfinished_marker(settings)
        unfinished.touch()
        simulate_force(settings, seed, start, end, progress=step.advance, size=size)
        unfinished.unlink()


def unfinished_marker(settings: Settings) -> Path:
    """Return the path of the file that exists while a simulation is running.

    If the file exists although no simulation is running, a simulation was killed before its end.
    """
    return settings.home / "simulation-unfinished"
