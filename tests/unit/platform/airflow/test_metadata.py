"""The upkeep finds Airflow's own database, although Airflow hides it from tasks."""

import dataclasses
from pathlib import Path

import pytest

from oic_assurance.platform.airflow import metadata
from oic_assurance.platform.airflow.metadata import metadata_url, trim
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.airflow_uri import variable_name

GIVEN = "AIRFLOW_CONN_AIRFLOW_METADATA"
#: What Airflow puts into the variable before it starts a task.
HIDDEN = "airflow-db-not-allowed:///"
URL = "postgresql+psycopg2://airflow:secret@db.example.org/airflow"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A deployment whose warehouse and sources are on servers of their own."""
    for name in ("warehouse", "rms", "intelligence"):
        monkeypatch.setenv(variable_name(name), "postgresql://x:y@db.example.org/z")
    monkeypatch.setenv(metadata.VARIABLE, HIDDEN)
    return dataclasses.replace(load_settings(), home=tmp_path)


def test_a_task_is_given_the_database_as_a_connection(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GIVEN, "postgresql://airflow:secret@db.example.org/airflow")
    assert str(metadata_url(settings)).startswith("postgresql+psycopg2://airflow:secret@db.")


def test_outside_a_task_airflows_own_setting_will_do(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(metadata.VARIABLE, URL)
    assert metadata_url(settings) == URL


def test_without_a_connection_nothing_is_trimmed_and_the_record_says_so(
    settings: Settings,
) -> None:
    assert metadata_url(settings) is None
    did = trim(settings, dry_run=False)
    assert did.counts == {}
    assert did.note == f"{GIVEN} is not set: nothing is trimmed"


def test_the_tables_of_dags_and_their_versions_are_left_alone() -> None:
    from airflow.utils.db_cleanup import config_dict

    assert not {"dag", "dag_version"} & set(metadata.TABLES)
    # The command would also clean the tables that depend on a table.
    dependent = {
        one for name in metadata.TABLES for one in config_dict[name].dependent_tables or ()
    }
    assert not {"dag", "dag_version"} & dependent
    assert set(metadata.TABLES) <= set(config_dict)
