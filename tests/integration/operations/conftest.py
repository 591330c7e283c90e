"""A warehouse of the module's own, and sources that each test fills."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.settings import Settings
from tests.integration.landing.support import World, warehouse_of_its_own


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[Settings]:
    """A migrated warehouse on the session's server."""
    with warehouse_of_its_own() as settings:
        yield settings


@pytest.fixture
def world(warehouse: Settings, tmp_path: Path) -> Iterator[World]:
    """Empty sources and an empty warehouse, with helpers to fill and read them."""
    world = World(warehouse, tmp_path)
    world.empty_sources()
    yield world
    world.close()
