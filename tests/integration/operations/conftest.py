"""A fixture for tests of operations: empty sources beside the warehouse of each module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.settings import Settings
from tests.integration.landing.support import World


@pytest.fixture
def world(warehouse: Settings, tmp_path: Path) -> Iterator[World]:
    """Empty sources and an empty warehouse, with helpers to fill and read them."""
    world = World(warehouse, tmp_path)
    world.empty_sources()
    yield world
    world.close()
