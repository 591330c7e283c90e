"""`assurance simulate`: fill source databases and files with a synthetic force."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from oic_assurance.settings import Settings

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.option("--seed", type=click.IntRange(min=0), required=True, help="Same seed, same force.")
@click.option("--from", "start", type=DAY, required=True, metavar="DATE", help="First day.")
@click.option("--to", "end", type=DAY, required=True, metavar="DATE", help="Last day.")
def simulate(seed: int, start: datetime, end: datetime) -> None:
    """Fill the sources with a synthetic force; a later --to continues from the last day."""
    from oic_assurance.settings import load_settings

    if end < start:
        raise click.UsageError("--to is before --from")
    make_force(load_settings(), seed, start.date(), end.date())


def make_force(settings: "Settings", seed: int, start: "date", end: "date") -> None:
    """Create missing sources, and fill them with a synthetic force."""
    from oic_assurance.pipeline import prepare_warehouse
    from oic_assurance.reporting.screens.progress import Screen
    from simulator.force import simulate as simulate_force
    from simulator.source_systems import create_sources

    with Screen() as screen, screen.step(f"Synthetic force {seed} to {end}") as step:
        prepare_warehouse(settings)
        create_sources(settings)
        unfinished = marker(settings)
        unfinished.touch()
        simulate_force(settings, seed, start, end, progress=step.advance)
        unfinished.unlink()


def marker(settings: "Settings") -> "Path":
    """Return the file that exists while a simulation runs, and stays when it is killed."""
    return settings.home / "simulation-unfinished"
