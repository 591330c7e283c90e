"""Every certificate that a setting names is watched: of servers, and in files."""

import os
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from oic_assurance import clock
from oic_assurance.operations.doctor.certificates import measure_certificates
from oic_assurance.operations.doctor.checks import Finding
from tests.ports import free_port
from tests.tls import make_certificates
from tests.unit.notifications.servers import HttpServer

#: How long deploy/certificates.py makes a server's certificate valid.
DAYS = 397


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("AIRFLOW_", "ASSURANCE_", "AWS_", "OTEL_", "PGSSL")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def web() -> Iterator[str]:
    """The host and port of a server of HTTPS."""
    with HttpServer() as server:
        yield server.address.removeprefix("https://")


@pytest.fixture
def mail(folder: Path) -> Iterator[str]:
    """The host and port of a mail server that offers STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "localhost/server.crt", folder / "localhost/server.key")
    server = Controller(None, hostname="127.0.0.1", port=free_port(), tls_context=context)
    server.start()
    yield f"127.0.0.1:{server.port}"
    server.stop()


def after(days: float, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """Look at the certificates as at a moment that many days after now."""
    now = clock.utc_now()

    def later() -> datetime:
        return now + timedelta(days=days)

    with monkeypatch.context() as patch:
        patch.setattr(clock, "utc_now", later)
        return list(measure_certificates())


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "https://{web}/execution/"),
        ("AIRFLOW__CELERY__BROKER_URL", "rediss://:word@{web}/0?ssl_cert_reqs=required"),
        ("ASSURANCE_NOTIFY_WEBHOOK", "https://{web}/secret/path"),
        ("ASSURANCE_AUDIT_HEADS", "/var/log/heads.jsonl, https://{web}/heads"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://{web}/v1"),
        ("AWS_ENDPOINT_URL", "https://{web}"),
        ("AIRFLOW__SECRETS__BACKEND_KWARGS", '{{"url": "https://{web}", "token": "word"}}'),
        ("AIRFLOW_CONN_SMTP_DEFAULT", "smtps://user:word@{web}"),
        ("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://user:word@{mail}"),
        ("AIRFLOW_CONN_SMTP_DEFAULT", '{{"conn_type": "smtp", "host": "{host}", "port": {port}}}'),
        ("AIRFLOW__API__SSL_CERT", "{folder}/localhost/server.crt"),
        ("AIRFLOW_CONN_RMS", '{{"extra": {{"ssl_ca": "{folder}/localhost/server.crt"}}}}'),
    ],
)
def test_a_certificate_is_told_of_thirty_days_before_its_end(
    variable: str,
    value: str,
    web: str,
    mail: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host, port = mail.split(":")
    place = {"web": web, "mail": mail, "folder": folder, "host": host, "port": port}
    monkeypatch.setenv(variable, value.format(**place))
    for days, state, said in (
        (DAYS - 31, "ok", "certificate until"),
        (DAYS - 29, "attention", "certificate expires on"),
        (DAYS + 1, "failed", "certificate expired on"),
    ):
        [found] = after(days, monkeypatch)
        assert (found.state, found.code) == (state, "certificate")
        assert found.subject.startswith(f"{variable} ")
        assert said in found.what
        assert "word" not in str(found)
        assert "secret/path" not in str(found)


def test_a_certificate_of_a_short_life_is_told_of_in_its_last_quarter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_certificates(tmp_path, "localhost", days=40)
    monkeypatch.setenv("PGSSLROOTCERT", str(folder / "localhost/server.crt"))
    assert [one.state for one in after(29, monkeypatch)] == ["ok"]
    assert [one.state for one in after(31, monkeypatch)] == ["attention"]


def test_what_several_settings_name_is_looked_at_once(
    web: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AIRFLOW__CELERY__BROKER_URL", "AIRFLOW__CELERY__RESULT_BACKEND"):
        monkeypatch.setenv(name, f"rediss://{web}?ssl_ca_certs={folder}/authority/ca.crt")
    monkeypatch.setenv("PGSSLROOTCERT", f"{folder}/authority/ca.crt")
    assert len(list(measure_certificates())) == 2


@pytest.mark.parametrize(
    "value", ["https://127.0.0.1:1/", "https://127.0.0.1:word/", "/nowhere/ca.crt", "{not JSON"]
)
def test_what_cannot_be_looked_at_is_no_problem(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", value)
    assert {one.state for one in measure_certificates()} <= {"unknown"}
