"""Test the parts of the reader for Airflow's hooks that need no server."""

import dataclasses
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from oic_assurance.errors import UsageError
from oic_assurance.settings import load_settings
from oic_assurance.sources.databases.airflow_hook import hook_snapshot, zone_of
from oic_assurance.sources.declarations.load import dataset

CUSTODY = dataset("rms/custody_record")


def test_a_source_is_in_utc_unless_declared_otherwise() -> None:
    assert zone_of(CUSTODY.database) is UTC
    london = dataclasses.replace(CUSTODY.database, time_zone="Europe/London")
    assert zone_of(london) == ZoneInfo("Europe/London")


def test_the_error_for_an_unknown_type_of_connection_lists_the_known_types() -> None:
    with (
        pytest.raises(UsageError, match=r"type 'sqlite'\. Use one of postgres, mysql, mssql"),
        hook_snapshot(load_settings(), CUSTODY, "sqlite"),
    ):
        raise AssertionError
