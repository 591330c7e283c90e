"""One synthetic force for all tests in this folder: the demonstration's force over 18 months."""

from datetime import date

import pytest

from simulator.force import DEFAULT_SEED
from simulator.period import Period, daily_personnel_since
from simulator.world import World

EPOCH = date(2025, 1, 1)
FIRST, LAST = date(2025, 6, 1), date(2026, 11, 24)


@pytest.fixture(scope="session")
def world() -> World:
    """The demonstration's force, simulated up to its last day."""
    force = World(DEFAULT_SEED, EPOCH)
    force.advance(LAST)
    return force


@pytest.fixture(scope="session")
def period() -> Period:
    """The demonstration's range of days."""
    return Period(FIRST, FIRST, LAST, daily_personnel_since(LAST))
