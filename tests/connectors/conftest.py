"""Fixtures for the connector tests: a warehouse, and MariaDB as another source."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.settings import Settings
from tests.connectors.mariadb_server import MariaDb
from tests.databases import Prepared, migrated
from tests.integration.landing.support import World


@pytest.fixture(scope="module")
def warehouse(prepared: Prepared) -> Iterator[Settings]:
    with prepared.copy(migrated) as settings:
        yield settings


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    server = MariaDb(tmp_path_factory.mktemp("mariadb"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mariadb(mariadb_server: MariaDb, monkeypatch: pytest.MonkeyPatch) -> MariaDb:
    """MariaDB with an empty database for each source system, from which the pipeline reads."""
    mariadb_server.create_databases()
    mariadb_server.use(monkeypatch)
    return mariadb_server


@pytest.fixture
def world(warehouse: Settings, tmp_path: Path) -> Iterator[World]:
    world = World(warehouse, tmp_path)
    yield world
    world.close()
