"""Simulate the force: one call for a range of days, and what it made."""

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
    """What a range of days brought."""

    seed: int
    start: date
    end: date
    truth: Path
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    troubles: dict[str, int] = field(default_factory=dict)


def simulated(settings: Settings) -> state.State | None:
    """Return what has been simulated in this home so far, or None."""
    return state.read(_folder(settings))


def simulate(
    settings: Settings,
    seed: int,
    start: date,
    end: date,
    progress: Progress | None = None,
) -> SimulationReport:
    """Simulate the force from a day to a day, both included; a later range continues it.

    The databases end as they stand at the end of the last day, and the files that were dropped
    meanwhile lie in the dropzone. Doing a range again changes nothing. `progress` is called with
    what is being done, how much of it is done, and how much there is to do.
    """
    folder = _folder(settings)
    kept, period = state.next_period(state.read(folder), seed, start, end)
    create_sources(settings)
    world = World(seed, kept.epoch)
    world.advance(end, progress)
    if progress is not None:
        progress("writing the databases", 0, 1)
    rows = databases.write(settings, world.store, period)
    drops = dropzone.planned(world, period)
    dropzone.write(settings, drops, progress)
    everything = drops if period.opens else dropzone.planned(world, kept.whole)
    path = truth.write(folder, world, kept.whole, everything)
    state.write(folder, kept)
    return SimulationReport(
        seed=seed,
        start=start,
        end=end,
        truth=path,
        rows=rows,
        files=dict(Counter(drop.dataset for drop in drops)),
        troubles=dict(Counter(drop.trouble for drop in drops if drop.trouble)),
    )


def _folder(settings: Settings) -> Path:
    return settings.home / "simulator"
