"""Plan the drops of a period, and write their files into the dropzone."""

import os

import fsspec

from oic_assurance.errors import UsageError
from oic_assurance.settings import Settings
from oic_assurance.storage.urls import open_url, without_credentials
from simulator.delivery import completions, hydra_book, org_units, personnel, registers
from simulator.delivery.drops import Drop
from simulator.period import Period
from simulator.world import Progress, World


def planned(world: World, period: Period) -> list[Drop]:
    """Return all drops of a period, sorted by the time of the drop."""
    people, founders = world.careers.people, world.careers.founders
    drops = [
        *personnel.drops(world.chance, people, founders, period),
        *org_units.drops(world.chance, period),
        *completions.drops(world.chance, world.learning, period),
        *hydra_book.drops(world.chance, world.sessions, world.attendances, period),
        *registers.drops(world.chance, world.plans, world.recommendations, world.board, period),
    ]
    drops = [drop for drop in drops if period.contains(drop.dropped_at)]
    return sorted(drops, key=lambda drop: (drop.dropped_at, drop.dataset, drop.name))


def write(settings: Settings, drops: list[Drop], progress: Progress | None = None) -> None:
    """Write the files into the dropzone. Of drops with the same name, only the last is written.

    Raises:
        UsageError: a file cannot be written.
    """
    filesystem, root = open_url(settings.dropzone)
    last = {(drop.dataset, drop.name): drop for drop in drops}
    # The files are written in the order of their names. Personnel files have the day in the name,
    # so they are written day by day. `personnel.Ledger` is fast only in this order.
    for number, key in enumerate(sorted(last), start=1):
        drop = last[key]
        path = f"{root}/{drop.dataset}/{drop.name}"
        try:
            filesystem.makedirs(f"{root}/{drop.dataset}", exist_ok=True)
            filesystem.pipe_file(path, drop.content())
        except OSError as error:
            raise UsageError(
                f"{drop.dataset}: {drop.name} cannot be written to the dropzone"
                f" {without_credentials(settings.dropzone)}: {error.strerror or error}."
            ) from error
        if "file" in _protocols(filesystem):
            moment = drop.dropped_at.timestamp()
            os.utime(path, (moment, moment))
        if progress is not None:
            progress("writing files", number, len(last))


def _protocols(filesystem: fsspec.AbstractFileSystem) -> tuple[str, ...]:
    names = filesystem.protocol
    return (names,) if isinstance(names, str) else tuple(names)
