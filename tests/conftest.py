"""One state folder and one embedded server for the whole session of tests.

The environment is set here, before anything imports Airflow, which reads its settings once.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

PROJECT_ROOT = Path(__file__).resolve().parents[1]
TEST_HOME = Path(tempfile.mkdtemp(prefix="assurance-test-"))

for _name in [name for name in os.environ if name.startswith(("ASSURANCE_", "AIRFLOW_", "PG"))]:
    # Another warehouse's server programs are a fair thing to test with; its data is not.
    if _name != "ASSURANCE_PG_BIN":
        del os.environ[_name]

os.environ |= {
    "ASSURANCE_HOME": str(TEST_HOME),
    "AIRFLOW_HOME": str(TEST_HOME / "airflow"),
    "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{TEST_HOME}/airflow/airflow.db",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(TEST_HOME / "airflow" / "logs"),
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
}

from oic_assurance.settings import Settings, load_settings  # noqa: E402
from oic_assurance.warehouse import embedded  # noqa: E402
from oic_assurance.warehouse.airflow_uri import libpq_uri  # noqa: E402
from oic_assurance.warehouse.connections import admin_url, warehouse_url  # noqa: E402
from oic_assurance.warehouse.migrate import migrate  # noqa: E402


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """The session's state folder, with its server running and its warehouse migrated."""
    settings = load_settings()
    embedded.start(settings)
    migrate(settings)
    yield TEST_HOME
    embedded.stop(settings)


@pytest.fixture
def settings(home: Path) -> Settings:
    """The settings of the session's state folder."""
    return load_settings()


@pytest.fixture
def empty_warehouse(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A database of the test's own on the session's server, reached by URL, not migrated yet."""
    name = f"warehouse_{uuid.uuid4().hex[:12]}"
    parts = psycopg.conninfo.conninfo_to_dict(warehouse_url(settings))
    administrator = admin_url(settings)
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} owner warehouse_owner").format(sql.Identifier(name))
        )
    uri = libpq_uri({key: str(value) for key, value in (parts | {"dbname": name}).items()})
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", uri)
    yield settings
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def fresh_warehouse(empty_warehouse: Settings) -> Settings:
    """A migrated warehouse database of the test's own on the session's server."""
    migrate(empty_warehouse)
    return empty_warehouse


def pytest_unconfigure() -> None:
    """Leave nothing behind, also when the session was interrupted."""
    embedded.stop(load_settings())
    shutil.rmtree(TEST_HOME, ignore_errors=True)
