"""`assurance demo`: make or extend a synthetic force, and run the pipeline. `make run` calls it."""

from datetime import date, timedelta

import click

from oic_assurance import clock
from oic_assurance.cli.run import run_once
from oic_assurance.cli.simulate import make_force, unfinished_marker
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.platform.progress import Screen
from oic_assurance.settings import Settings, load_settings
from oic_assurance.storage.urls import open_url
from oic_assurance.warehouse.connections import connect_source
from oic_assurance.warehouse.rows import find_row
from simulator.force import simulated
from simulator.source_systems import create_sources

DEFAULT_SEED = 20260430
HISTORY_MONTHS = 18


@click.command()
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    default=DEFAULT_SEED,
    help="The seed of a new force. The same seed gives the same force.",
)
def demo(seed: int) -> None:
    """Make a synthetic force, or extend the existing one to yesterday. Then do the daily run.

    A new force has 18 months of history. If the sources have data that was not simulated, the
    sources are not changed.
    """
    settings = load_settings()
    now = clock.utc_now()
    yesterday = clock.london_day(now) - timedelta(days=1)
    with Screen() as screen:
        if not _has_force(settings, screen):
            make_force(settings, screen, seed, months_before(yesterday, HISTORY_MONTHS), yesterday)
        elif (force := simulated(settings)) is not None and force.last < yesterday:
            make_force(settings, screen, force.seed, force.last + timedelta(days=1), yesterday)
    run_once(settings, clock.default_as_at(now))


def months_before(day: date, months: int) -> date:
    """Return the first day of the month that is `months` months before the month of `day`."""
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def _has_force(settings: Settings, screen: Screen) -> bool:
    """Tell whether the sources have data: a file in the dropzone, or an occurrence in RMS.

    If a simulation was killed before its end, its data does not count, and the result is False.
    """
    with screen.step("Database server and sources"):
        prepare_warehouse(settings)
        create_sources(settings)
    if unfinished_marker(settings).exists():
        return False
    files, root = open_url(settings.dropzone)
    if files.find(root):
        return True
    with connect_source(settings, "rms") as rms:
        return find_row(rms, "select from rms.occurrence limit 1") is not None
