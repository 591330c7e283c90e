"""Fixtures: models that were built without data, and a force whose records and rules change."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.settings import Settings, load_settings
from tests.databases import MODELS_DATABASE, temporary_warehouse, used_as_warehouse
from tests.integration.builds.restated_world import RestatedWorld, temporary_world
from tests.mutants.units import build_from_nothing


@pytest.fixture(scope="session")
def models_address(home: Path) -> str:
    """The address of a database in which nothing was landed, but every model was built."""
    with temporary_warehouse(MODELS_DATABASE, is_kept=True):
        build_from_nothing(load_settings())
        return os.environ["AIRFLOW_CONN_WAREHOUSE"]


@pytest.fixture
def empty_models(models_address: str) -> Iterator[Settings]:
    """Settings whose warehouse is that database.

    All tests of the models share it. A test may fill its tables, but may not depend on their rows.
    """
    with used_as_warehouse(models_address):
        yield load_settings()


@pytest.fixture(scope="module")
def world() -> Iterator[RestatedWorld]:
    """The force before its first publication, on a separate server."""
    with temporary_world() as made:
        yield made
