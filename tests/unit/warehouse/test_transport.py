"""If TLS is required, a connection must verify the server. The error names one that does not."""

import json

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.warehouse.airflow_uri import find_connection_uri
from oic_assurance.warehouse.transport import check_links, check_other, tls_is_required

HOST = "postgres://reader:secret-word@db.example/rms"
CHECKED = f"{HOST}?sslmode=verify-full&sslrootcert=/etc/ca.crt"
AS_JSON = {"conn_type": "postgres", "host": "db.example", "password": "secret-word"}
MYSQL = {"conn_type": "mysql", "host": "db.example", "password": "secret-word"}
MYSQL_OPTIONS = {"ssl_ca": "/etc/ca.crt", "ssl_verify_identity": True}
MYSQL_CHECKED = {**MYSQL, "extra": MYSQL_OPTIONS}


@pytest.fixture(autouse=True)
def required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "verify-full")


@pytest.mark.parametrize(
    "value",
    [
        HOST,
        f"{HOST}?sslmode=require",
        f"{HOST}?sslmode=verify-ca&sslrootcert=/etc/ca.crt",
        "postgres://reader:secret-word@127.0.0.1/rms",
        json.dumps(AS_JSON),
        json.dumps({**AS_JSON, "extra": json.dumps({"sslmode": "prefer"})}),
        json.dumps(MYSQL),
        json.dumps({**MYSQL, "extra": {"ssl_ca": "/etc/ca.crt"}}),
        "mssql://reader:secret-word@db.example/rms",
        "oracle://reader:secret-word@db.example/rms",
    ],
)
def test_a_connection_that_does_not_check_its_server_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", value)
    with pytest.raises(UsageError, match=r"^AIRFLOW_CONN_RMS: ASSURANCE_REQUIRE_TLS") as refusal:
        check_links()
    assert "secret-word" not in refusal.value.message
    if "mssql" not in value and "oracle" not in value and "mysql" not in value:
        with pytest.raises(UsageError, match="AIRFLOW_CONN_RMS"):
            find_connection_uri("rms")
    monkeypatch.setenv("ASSURANCE_TLS_EXCEPT", "intelligence, rms")
    check_links()
    monkeypatch.delenv("ASSURANCE_TLS_EXCEPT")
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "no")
    check_links()


@pytest.mark.parametrize(
    "value",
    [
        CHECKED,
        json.dumps({**AS_JSON, "extra": {"sslmode": "verify-full"}}),
        json.dumps(MYSQL_CHECKED),
        "postgres://reader@/rms?host=/run/postgresql",
        "smtp://mail.example:25",
    ],
)
def test_a_checked_connection_is_accepted(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", value)
    check_links()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql+psycopg2://a:b@postgres:5432/airflow"),
        ("AWS_ENDPOINT_URL", "http://minio.example:9000"),
        ("ASSURANCE_DROPZONE", "ftp://files.example/drop"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://metrics.example:4318"),
    ],
)
def test_other_links_are_checked_too(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=f"^{variable}: ASSURANCE_REQUIRE_TLS"):
        check_links()


def test_airflows_asynchronous_connection_needs_its_own_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metadata, asynchronous = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql+asyncpg://a:b@c/d"
    monkeypatch.setenv(metadata, "postgresql+psycopg2://a:b@postgres/airflow?sslmode=verify-full")
    with pytest.raises(UsageError, match=r"^AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC: "):
        check_links()
    monkeypatch.setenv(f"{metadata}_ASYNC", f"{asynchronous}?ssl=require")
    with pytest.raises(UsageError, match="ssl=verify-full"):
        check_links()
    monkeypatch.setenv(f"{metadata}_ASYNC", f"{asynchronous}?ssl=verify-full")
    check_links()


def test_a_mysql_hook_without_checks_is_refused() -> None:
    with pytest.raises(UsageError, match="ssl_verify_identity"):
        check_other("AIRFLOW_CONN_RMS", "mysql", {"ssl_ca": "/etc/ca.crt"})
    check_other("AIRFLOW_CONN_RMS", "mysql", MYSQL_OPTIONS)


def test_another_value_of_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_REQUIRE_TLS", "yes")
    with pytest.raises(UsageError, match="must be verify-full or no"):
        tls_is_required()
