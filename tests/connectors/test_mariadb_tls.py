"""With `ssl_ca` and `ssl_verify_identity`, the driver verifies the server or does not connect."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.errors import SourceUnavailable, UsageError
from oic_assurance.operations.doctor.certificates import read_certificate, served
from oic_assurance.settings import Settings
from oic_assurance.sources.databases.airflow_hook import _connect
from oic_assurance.sources.databases.dialects import MYSQL
from oic_assurance.sources.declarations.load import dataset
from tests.connectors.mariadb_server import MariaDb
from tests.tls import make_certificates

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture(scope="module")
def with_tls(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[MariaDb]:
    folder = certificates / "localhost"
    options = (f"--ssl-cert={folder}/server.crt", f"--ssl-key={folder}/server.key")
    server = MariaDb(tmp_path_factory.mktemp("with-tls"), *options)
    server.start()
    server.create_databases()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def without_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    server = MariaDb(tmp_path_factory.mktemp("without-tls"), "--skip-ssl")
    server.start()
    server.create_databases()
    yield server
    server.stop()


def connect(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, server: MariaDb, host: str, **extra: Any
) -> Any:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", server.connection(host=host, extra=extra))
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "verify-full")
    return _connect(settings, dataset("rms/custody_record").database, MYSQL)


def test_a_checked_connection_is_encrypted(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    with_tls: MariaDb,
    certificates: Path,
) -> None:
    checked = {"ssl_ca": str(certificates / "authority/ca.crt"), "ssl_verify_identity": True}
    connection = connect(settings, monkeypatch, with_tls, "localhost", **checked)
    cursor = connection.cursor()
    cursor.execute("show session status like 'Ssl_version'")
    assert cursor.fetchone()[1].startswith("TLSv1")
    connection.close()


def test_the_certificate_of_the_server_is_watched(
    with_tls: MariaDb, without_tls: MariaDb, certificates: Path
) -> None:
    shown = served("mysql", "localhost", with_tls.port)
    assert shown == read_certificate(certificates / "localhost" / "server.crt")
    with pytest.raises(OSError, match="SSL"):
        served("mysql", "localhost", without_tls.port)


@pytest.mark.parametrize("wrong", ["host", "authority", "no TLS"])
def test_a_server_that_cannot_be_checked_gets_no_password(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    with_tls: MariaDb,
    without_tls: MariaDb,
    certificates: Path,
    tmp_path: Path,
    wrong: str,
) -> None:
    root = certificates
    if wrong == "authority":
        root = make_certificates(tmp_path, "localhost")
    server = without_tls if wrong == "no TLS" else with_tls
    host = "127.0.0.1" if wrong == "host" else "localhost"
    checked = {"ssl_ca": str(root / "authority/ca.crt"), "ssl_verify_identity": True}
    with pytest.raises(SourceUnavailable, match=r"(?i)ssl|certificate"):
        connect(settings, monkeypatch, server, host, **checked)


def test_a_connection_without_checks_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, with_tls: MariaDb
) -> None:
    with pytest.raises(UsageError, match="ssl_verify_identity"):
        connect(settings, monkeypatch, with_tls, "localhost")
