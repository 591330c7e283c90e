"""With verify-full, every program connects only with encryption and only to the right server.

The server has a certificate from a test authority, made with the deployment's script.
"""

import asyncio
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import psycopg2  # type: ignore[import-untyped]
import pytest
import sqlalchemy
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy.ext.asyncio import create_async_engine

from oic_assurance.builds.dbt import connection_variables
from oic_assurance.errors import ServerError, UsageError
from oic_assurance.pipeline import prepare_warehouse
from oic_assurance.settings import PROJECT_ROOT, Settings
from oic_assurance.warehouse.airflow_uri import libpq_uri
from oic_assurance.warehouse.connections import connect, sqlalchemy_url, url, warehouse_url
from oic_assurance.warehouse.embedded import server_port
from tests.tls import TlsServer, make_certificates


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    make_certificates(folder, "localhost")
    make_certificates(folder / "wrong-host", "elsewhere.example")
    return folder


@pytest.fixture
def server(settings: Settings, certificates: Path) -> Iterator[TlsServer]:
    server = TlsServer(certificates / "localhost", server_port(settings))
    yield server
    server.close()


@pytest.fixture
def parts(settings: Settings, server: TlsServer, certificates: Path) -> dict[str, str]:
    """The parameters of a connection to the warehouse through the server with TLS."""
    given = {key: str(value) for key, value in conninfo_to_dict(warehouse_url(settings)).items()}
    root = str(certificates / "authority" / "ca.crt")
    place = {"host": "localhost", "port": str(server.port)}
    return {**given, **place, "sslmode": "verify-full", "sslrootcert": root}


@pytest.fixture
def configured(parts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", libpq_uri(parts))
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "verify-full")
    return parts


def test_psycopg_and_great_expectations_check_the_server(
    settings: Settings, server: TlsServer, configured: dict[str, str]
) -> None:
    connect(settings, role="oic_gate").close()
    assert server.encrypted == 1
    engine = sqlalchemy.create_engine(sqlalchemy_url(settings, role="oic_gate"))
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("select current_user")).scalar() == "oic_gate"
    engine.dispose()
    assert (server.encrypted, server.refused) == (2, 0)
    # Readers get the same protection.
    reader = conninfo_to_dict(url(settings, "bi"))
    assert reader["sslmode"] == "verify-full"
    assert reader["sslrootcert"] == configured["sslrootcert"]


def dbt_debug(variables: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Make dbt connect once, in a separate process, with its profile."""
    profile = (PROJECT_ROOT / "dbt_project" / "profiles.yml").read_text(encoding="utf-8")
    once = re.sub(r"retries: \d+", "retries: 0", profile)
    assert once != profile
    (folder / "profiles.yml").write_text(once, encoding="utf-8")
    command = [sys.executable, "-c", "import dbt.cli.main as m; m.cli()", "debug", "--connection"]
    command += ["--project-dir", "dbt_project", "--profiles-dir", str(folder)]
    command += ["--log-path", str(folder)]
    return subprocess.run(
        command,
        cwd=PROJECT_ROOT,
        env={**os.environ, **variables, "DBT_TARGET_PATH": str(folder)},
        text=True,
        capture_output=True,
        check=False,
    )


def test_dbt_checks_the_server(
    settings: Settings, server: TlsServer, configured: dict[str, str], tmp_path: Path
) -> None:
    variables = connection_variables(warehouse_url(settings))
    assert variables["PGSSLROOTCERT"] == configured["sslrootcert"]
    assert "PGPASSWORD" not in variables
    done = dbt_debug(variables, tmp_path)
    assert done.returncode == 0, done.stdout
    assert server.encrypted == 1
    # Without the authority's certificate dbt does not connect, which shows that it verifies the
    # server.
    done = dbt_debug({**variables, "PGSSLROOTCERT": str(tmp_path / "missing")}, tmp_path)
    assert done.returncode != 0
    assert "missing" in done.stdout


def test_airflows_own_connection_checks_the_server(
    server: TlsServer, parts: dict[str, str]
) -> None:
    """Airflow reads its metadata with psycopg2. The query of the URL has the parameters for TLS."""
    address = libpq_uri(parts).replace("postgresql://", "postgresql+psycopg2://", 1)
    engine = sqlalchemy.create_engine(address)
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("select 1")).scalar() == 1
    engine.dispose()
    assert server.encrypted == 1
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        psycopg2.connect(make_conninfo(**{**parts, "sslrootcert": _other_authority(parts)}))


@pytest.mark.parametrize("trusted", [True, False])
def test_airflows_asynchronous_connection_checks_the_server(
    server: TlsServer, parts: dict[str, str], monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """asyncpg reads the mode from `ssl`, and the authority's certificate from PGSSLROOTCERT."""
    root = parts["sslrootcert"] if trusted else _other_authority(parts)
    monkeypatch.setenv("PGSSLROOTCERT", root)
    place = {key: parts[key] for key in ("user", "password", "host", "port", "dbname")}
    address = libpq_uri({**place, "ssl": "verify-full"})
    engine = create_async_engine(address.replace("postgresql://", "postgresql+asyncpg://", 1))

    async def ask() -> object:
        try:
            async with engine.connect() as connection:
                return (await connection.execute(sqlalchemy.text("select 1"))).scalar()
        finally:
            await engine.dispose()

    if trusted:
        assert asyncio.run(ask()) == 1
        assert (server.encrypted, server.refused) == (1, 0)
    else:
        with pytest.raises(ssl.SSLCertVerificationError):
            asyncio.run(ask())


def _other_authority(parts: dict[str, str]) -> str:
    folder = Path(parts["sslrootcert"]).parents[1] / "wrong-host"
    return str(folder / "authority" / "ca.crt")


def test_plaintext_is_refused(
    settings: Settings,
    server: TlsServer,
    parts: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption is no entry"):
        psycopg.connect(make_conninfo(**{**parts, "sslmode": "disable"}))
    assert (server.encrypted, server.refused) == (0, 1)
    # The pipeline does not even try to connect.
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", libpq_uri({**parts, "sslmode": "prefer"}))
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "verify-full")
    with pytest.raises(UsageError, match=r"AIRFLOW_CONN_WAREHOUSE: .*has prefer.*protect\.md"):
        prepare_warehouse(settings)
    assert (server.encrypted, server.refused) == (0, 1)


def test_a_server_without_tls_gets_no_password_and_the_embedded_one_needs_none(
    settings: Settings, parts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedded server has no TLS. A client with verify-full then does not connect."""
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "verify-full")
    prepare_warehouse(settings)
    plain = {**parts, "port": str(server_port(settings))}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", libpq_uri(plain))
    with pytest.raises(ServerError, match="server does not support SSL"):
        connect(settings)


def test_a_certificate_for_another_host_or_of_another_authority_is_refused(
    settings: Settings,
    certificates: Path,
    parts: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = certificates / "wrong-host"
    other = TlsServer(folder / "elsewhere.example", server_port(settings))
    root = _other_authority(parts)
    for port, message in (
        (str(other.port), "does not match host name"),
        (parts["port"], "certificate verify failed"),
    ):
        wrong = {**parts, "port": port, "sslrootcert": root}
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", libpq_uri(wrong))
        with pytest.raises(ServerError, match=message):
            connect(settings)
    other.close()
