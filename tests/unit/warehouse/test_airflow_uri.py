"""Airflow's connections are read from environment variables, as a URI or as JSON."""

import json

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.airflow_uri import connection_type, find_connection_uri
from oic_assurance.warehouse.connections import describe, url

pytestmark = pytest.mark.usefixtures("state_folder")
AIRFLOW_URI = "postgres://someone:p%40ss%2Fword@db.example:5433/rms?sslmode=require&cursor=dict"
AIRFLOW_JSON = json.dumps(
    {
        "conn_type": "postgres",
        "login": "someone",
        "password": "p@ss/word",
        "host": "db.example",
        "port": 5433,
        "schema": "rms",
        "extra": json.dumps({"sslmode": "require", "cursor": "dict"}),
    }
)


@pytest.mark.parametrize("text", [AIRFLOW_URI, AIRFLOW_JSON])
def test_connections_in_both_formats_of_airflow_are_read(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", text)
    expected = "postgresql://someone:p%40ss%2Fword@db.example:5433/rms?sslmode=require"
    assert find_connection_uri("rms") == expected
    assert url(load_settings(), "rms") == expected
    assert describe(expected) == "host db.example, port 5433, database rms"


@pytest.mark.parametrize(
    "text",
    [
        "mysql://a:geheim@b/c",
        "{geheim",
        '{"conn_type": "http"}',
        "postgres://a:geheim@b:port/c",
        "[]",
    ],
)
def test_the_error_for_an_invalid_connection_does_not_show_the_password(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", text)
    with pytest.raises(UsageError, match="AIRFLOW_CONN_RMS") as caught:
        find_connection_uri("rms")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("", None),
        ("postgres://u@h/d", "postgres"),
        ("postgresql+psycopg://u@h/d", "postgres"),
        ("mysql://u:p@h/d", "mysql"),
        ('{"conn_type": "mssql", "host": "h"}', "mssql"),
        ('{"host": "h"}', "postgres"),
        ("no connection at all", "postgres"),
    ],
)
def test_the_type_of_a_connection_is_found(
    monkeypatch: pytest.MonkeyPatch, given: str, kind: str | None
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", given)
    assert connection_type("rms") == kind
