"""Fixtures for tests that land data: a warehouse, and a `World` with a dropzone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.settings import Settings
from tests.databases import Prepared, migrated
from tests.integration.landing.support import World


@pytest.fixture(scope="module")
def warehouse(prepared: Prepared) -> Iterator[Settings]:
    """A migrated warehouse database for one module of tests."""
    with prepared.copy(migrated) as settings:
        yield settings


@pytest.fixture
def world(warehouse: Settings, tmp_path: Path) -> Iterator[World]:
    """An empty dropzone, and the module's warehouse without landed data."""
    world = World(warehouse, tmp_path)
    yield world
    world.close()


@pytest.fixture
def empty_sources(world: World) -> None:
    """Empty the tables of the source databases, which all tests share."""
    world.empty_sources()
