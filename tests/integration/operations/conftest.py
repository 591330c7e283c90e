"""Fixtures for tests of operations: a warehouse for each module, and empty sources."""

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
    """Empty sources and an empty warehouse, with helpers to fill and read them."""
    world = World(warehouse, tmp_path)
    world.empty_sources()
    yield world
    world.close()
