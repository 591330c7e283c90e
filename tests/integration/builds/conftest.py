"""Fixtures: models that were built without data, and a force whose records and rules change."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.settings import Settings, load_settings
from tests.databases import MODELS_DATABASE, temporary_warehouse
from tests.integration.builds.restated_world import RestatedWorld, temporary_world
from tests.mutants.units import build_from_nothing


@pytest.fixture(scope="session")
def empty_models(home: Path) -> Iterator[Settings]:
    """A warehouse in which nothing has been landed, but every model has been built.

    All tests of the models share it. A test may fill its tables, but may not depend on their rows.
    """
    settings = load_settings()
    with temporary_warehouse(MODELS_DATABASE):
        build_from_nothing(settings)
        yield settings


@pytest.fixture(scope="module")
def world() -> Iterator[RestatedWorld]:
    """The force before its first publication, on a separate server."""
    with temporary_world() as made:
        yield made
