"""Settings are read from environment variables."""

from pathlib import Path

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.settings import PROJECT_ROOT, load_settings


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a temporary state folder for each test."""
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "state"))


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSURANCE_HOME")
    settings = load_settings()
    assert settings.home == PROJECT_ROOT / ".assurance"
    assert settings.dropzone == f"file://{settings.home}/dropzone"
    assert settings.force_code == "E23000022"
    assert settings.pg_port is None
    assert settings.pg_bin is None
    assert (settings.engine, settings.spark_master, settings.spark_folder) == (
        "postgres", "local[2]", "",
    )  # fmt: skip


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


def test_the_national_warehouse_has_the_code_of_its_area(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().kind == "force"
    monkeypatch.setenv("ASSURANCE_KIND", "national")
    settings = load_settings()
    assert (settings.kind, settings.force_code) == ("national", "K04000001")


@pytest.mark.parametrize("master", ["local", "local[4]", "spark://host.example:7077"])
def test_spark_runs_here_or_on_a_cluster(master: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSURANCE_ENGINE", "spark")
    monkeypatch.setenv("ASSURANCE_SPARK_MASTER", master)
    monkeypatch.setenv("ASSURANCE_SPARK_FOLDER", "s3://bucket/folder/")
    settings = load_settings()
    assert settings.engine == "spark"
    assert settings.spark_master == master
    assert settings.spark_folder == "s3://bucket/folder"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ASSURANCE_APPROVE_WARNINGS", "perhaps"),
        ("ASSURANCE_APPROVAL_HOURS", "0"),
        ("ASSURANCE_APPROVAL_HOURS", "21"),
        ("ASSURANCE_APPROVAL_HOURS", "a day"),
        ("ASSURANCE_KEEP_LOGS_DAYS", "6"),
        ("ASSURANCE_KEEP_LOGS_DAYS", "for ever"),
        ("ASSURANCE_KEEP_SET_ASIDE_DAYS", "6"),
        ("ASSURANCE_KEEP_AIRFLOW_DAYS", "0"),
        ("ASSURANCE_ENGINE", "databricks"),
        ("ASSURANCE_SPARK_MASTER", "host:7077"),
        ("ASSURANCE_SPARK_MASTER", "local[all]"),
        ("ASSURANCE_PG_PORT", "0"),
        ("ASSURANCE_PG_PORT", "65536"),
        ("ASSURANCE_PG_PORT", "five"),
        ("ASSURANCE_PG_PORT", "٣"),
        ("ASSURANCE_FORCE_CODE", "Northamptonshire"),
        ("ASSURANCE_FORCE_CODE", "E23000040"),
        ("ASSURANCE_FORCE_CODE", "K04000001"),
        ("ASSURANCE_KIND", "regional"),
        ("ASSURANCE_HOME", "~nobody-of-that-name/state"),
        ("ASSURANCE_ARCHIVE_URL", "~nobody-of-that-name/archive"),
        ("ASSURANCE_PG_BIN", "~nobody-of-that-name/bin"),
        ("ASSURANCE_SIGN_OFF_ROLES", "COMMISSIONER"),
        ("ASSURANCE_SIGN_OFF_ROLES", "COMMISSIONER="),
        ("ASSURANCE_SIGN_OFF_ROLES", "MAYOR=a.lead"),
    ],
)
def test_the_error_for_an_invalid_setting_names_its_variable(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=variable):
        load_settings()


def test_roles_of_sign_off_are_pairs_of_role_and_account(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "COMMISSIONER=a.lead, b.deputy; FORCE_OWNER = c.chief;"
    monkeypatch.setenv("ASSURANCE_SIGN_OFF_ROLES", text)
    assert load_settings().sign_off_roles == {
        ("COMMISSIONER", "a.lead"), ("COMMISSIONER", "b.deputy"), ("FORCE_OWNER", "c.chief")
    }  # fmt: skip


@pytest.mark.parametrize("field", ["evidence", "archive", "reports"])
@pytest.mark.parametrize(
    ("given", "expected"),
    [("", ""), ("/srv/place/", "file:///srv/place"), ("s3://bucket/place", "s3://bucket/place")],
)
def test_a_place_is_a_folder_or_a_url(
    field: str, given: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = "ASSURANCE_EVIDENCE" if field == "evidence" else f"ASSURANCE_{field.upper()}_URL"
    monkeypatch.setenv(variable, given)
    assert getattr(load_settings(), field) == expected


def test_the_archive_is_in_the_state_folder_unless_a_url_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", "/srv/state")
    assert load_settings().archive_url == "file:///srv/state/batches"
    monkeypatch.setenv("ASSURANCE_ARCHIVE_URL", "s3://bucket/archive")
    assert load_settings().archive_url == "s3://bucket/archive"
