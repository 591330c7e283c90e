"""Fixtures for the connector tests: a warehouse, MariaDB as another source, and an S3 server."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.settings import Settings
from tests.connectors.mariadb_server import MariaDb
from tests.databases import Prepared, migrated
from tests.integration.landing.support import World
from tests.ports import free_port


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


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    program = shutil.which("moto_server", path=path)
    assert program, "moto_server is not installed: `make test-all` does it"
    address = f"http://127.0.0.1:{port}"
    with (tmp_path_factory.mktemp("s3") / "server.log").open("wb") as log:
        process = subprocess.Popen([program, "-p", str(port)], stdout=log, stderr=log)
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            break
    yield address
    process.terminate()
    process.wait(30)


@pytest.fixture
def cloud(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the local S3 server. Environment variables pass it to the S3 client."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "clerk")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sw0rdfish")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return s3_server


@pytest.fixture
def world(warehouse: Settings, tmp_path: Path) -> Iterator[World]:
    world = World(warehouse, tmp_path)
    yield world
    world.close()
