"""Simulate a force over a range of days. This module is the public entry point of the package."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from oic_assurance.settings import Settings
from simulator import databases, state, truth
from simulator.delivery import dropzone
from simulator.source_systems import create_sources
from simulator.world import Progress, World

DEFAULT_SEED = 20260430


@dataclass(frozen=True)
class SimulationReport:
    """How many rows were written to each table, and how many files by dataset and by fault.

    `truth` is the path of the truth file.
    """

    seed: int
    start: date
    end: date
    truth: Path
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)


def simulated(settings: Settings) -> state.State | None:
    """Return the saved state of the force in the state folder, or None if there is no force."""
    return state.read(_folder(settings))


def simulate(
    settings: Settings,
    seed: int,
    start: date,
    end: date,
    progress: Progress | None = None,
    *,
    size: float | None = None,
) -> SimulationReport:
    """Simulate a force from `start` to `end`, both included.

    If the state folder already has a force, the range continues that force.

    The databases get their content as at the end of the last day. The dropzone gets the files that
    were dropped during the range. Simulating the same range again changes nothing.

    `progress` is called with a label, the amount of work done, and the total amount. `size` says
    how many times as many posts and events the force has as Northamptonshire. None means the size
    of the existing force, or 1.

    Raises:
        UsageError: the range, the seed or the size does not fit the existing force, or a file
            cannot be written.
        AssuranceError: the saved state cannot be read, or a database refuses the rows.
        ServerError: a source database cannot be reached.
    """
    folder = _folder(settings)
    new_state, period = state.next_period(state.read(folder), seed, start, end, size)
    create_sources(settings)
    world = World(seed, new_state.epoch, new_state.size)
    world.advance(end, progress)
    if progress is not None:
        progress("writing databases", 0, 1)
    rows = databases.write(settings, world.store, period)
    drops = dropzone.planned(world, period)
    dropzone.write(settings, drops, progress)
    all_drops = drops if period.is_first else dropzone.planned(world, new_state.whole)
    path = truth.write(folder, world, new_state.whole, all_drops)
    state.write(folder, new_state)
    return SimulationReport(
        seed=seed,
        start=start,
        end=end,
        truth=path,
        rows=rows,
        files=dict(Counter(drop.dataset for drop in drops)),
        faults=dict(Counter(drop.fault for drop in drops if drop.fault)),
    )


def _folder(settings: Settings) -> Path:
    return settings.home / "simulator"
