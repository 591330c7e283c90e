"""Settings, secrets and connection strings are read from the environment as it is now."""

import json
import stat
from pathlib import Path

import pytest

from oic_assurance.errors import AssuranceError, ServerError, UsageError
from oic_assurance.settings import PROJECT_ROOT, load_settings
from oic_assurance.warehouse.airflow_uri import connection_type, find_connection_uri
from oic_assurance.warehouse.connections import connect_source, describe, sqlalchemy_url, url
from oic_assurance.warehouse.secrets import find_secret, secret


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "a home"
    monkeypatch.setenv("ASSURANCE_HOME", str(home))
    return home


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSURANCE_HOME")
    settings = load_settings()
    assert settings.home == PROJECT_ROOT / ".assurance"
    assert settings.dropzone == f"file://{settings.home}/dropzone"
    assert settings.force_code == "E23000022"
    assert settings.pg_port is None
    assert settings.pg_bin is None


def test_the_environment_replaces_each_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_DROPZONE", "memory://drop")
    monkeypatch.setenv("ASSURANCE_FORCE_CODE", "E23000020")
    monkeypatch.setenv("ASSURANCE_PG_PORT", "5433")
    settings = load_settings()
    assert (settings.dropzone, settings.force_code, settings.pg_port) == (
        "memory://drop",
        "E23000020",
        5433,
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ASSURANCE_APPROVE_WARNINGS", "perhaps"),
        ("ASSURANCE_APPROVAL_HOURS", "0"),
        ("ASSURANCE_APPROVAL_HOURS", "21"),
        ("ASSURANCE_APPROVAL_HOURS", "a day"),
        ("ASSURANCE_PG_PORT", "0"),
        ("ASSURANCE_PG_PORT", "65536"),
        ("ASSURANCE_PG_PORT", "five"),
        ("ASSURANCE_PG_PORT", "٣"),
        ("ASSURANCE_FORCE_CODE", "Northamptonshire"),
        ("ASSURANCE_HOME", "~nobody-of-that-name/state"),
    ],
)
def test_a_wrong_setting_is_named(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=variable):
        load_settings()


def test_a_secret_is_made_once_and_is_private() -> None:
    settings = load_settings()
    assert find_secret(settings, "pseudonym_key") is None
    first = secret(settings, "pseudonym_key")
    assert secret(settings, "pseudonym_key") == first
    assert secret(settings, "another") != first
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(settings.secrets_dir.stat().st_mode) == 0o700
    kept = sorted(settings.secrets_dir.iterdir())
    assert [path.name for path in kept] == ["another", "pseudonym_key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_the_environment_replaces_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_PSEUDONYM_KEY", "given")
    settings = load_settings()
    assert secret(settings, "pseudonym_key") == "given"
    assert not settings.secrets_dir.exists()


def test_a_secret_that_cannot_be_read_is_one_clear_error(own_home: Path) -> None:
    (own_home / "secrets" / "pseudonym_key").mkdir(parents=True)
    with pytest.raises(ServerError, match="pseudonym_key cannot be read"):
        secret(load_settings(), "pseudonym_key")
    (own_home / "secrets" / "empty").touch()
    with pytest.raises(ServerError, match="empty is empty"):
        secret(load_settings(), "empty")


def test_a_home_that_is_a_file_is_one_clear_error(own_home: Path) -> None:
    own_home.touch()
    with pytest.raises(ServerError, match="is a file where a folder must be"):
        secret(load_settings(), "pseudonym_key")


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
def test_airflows_connections_are_understood(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_a_wrong_connection_is_named_without_its_password(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", text)
    with pytest.raises(UsageError, match="AIRFLOW_CONN_RMS") as caught:
        find_connection_uri("rms")
    assert "geheim" not in str(caught.value)


def test_readers_follow_a_warehouse_given_by_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_WAREHOUSE", "postgresql://owner:x@db.example/house?sslmode=require"
    )
    monkeypatch.setenv("ASSURANCE_BI_READER_PASSWORD", "p@ss")
    settings = load_settings()
    assert url(settings, "bi") == ("postgresql://bi_reader:p%40ss@db.example/house?sslmode=require")
    assert sqlalchemy_url(settings, role="oic_gate").startswith("postgresql+psycopg://owner:x@")
    assert "role%3Doic_gate" in sqlalchemy_url(settings, role="oic_gate")


def test_what_was_never_started_says_so() -> None:
    with pytest.raises(AssuranceError, match="assurance db start"):
        url(load_settings(), "warehouse")
    with pytest.raises(UsageError, match="choose one of warehouse, rms"):
        url(load_settings(), "payroll")


def test_a_source_that_is_down_is_told_by_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", "postgres://a:geheim@127.0.0.1:1/rms")
    with pytest.raises(AssuranceError) as caught:
        connect_source(load_settings(), "rms")
    assert str(caught.value) == (
        "rms: the source database cannot be reached (host 127.0.0.1, port 1, database rms): "
        "Connection refused."
    )


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
def test_the_type_of_a_connection_is_told(
    monkeypatch: pytest.MonkeyPatch, given: str, kind: str | None
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RMS", given)
    assert connection_type("rms") == kind


def test_a_connection_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_NICHE", raising=False)
    with pytest.raises(UsageError, match=r"'niche': set AIRFLOW_CONN_NICHE"):
        connect_source(load_settings(), "niche")
