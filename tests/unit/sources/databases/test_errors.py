"""Drivers' errors are translated, and their messages contain no values from records."""

import sqlite3

import psycopg
import pytest

from oic_assurance.errors import SourceUnavailable, UsageError
from oic_assurance.sources.databases.errors import (
    ContractBroken,
    is_driver_error,
    reason,
    source_error,
    translated_errors,
)
from oic_assurance.sources.declarations.load import dataset

CUSTODY = dataset("rms/custody_record")


def test_an_error_that_can_pass_means_that_the_source_is_unavailable() -> None:
    with pytest.raises(SourceUnavailable) as caught, translated_errors(CUSTODY):
        raise sqlite3.OperationalError("lost connection to 'db.example' in record \"C1\".\nmore")
    assert caught.value.message == (
        "rms/custody_record: rms.rms.custody_record cannot be extracted: lost connection to … in"
        " record …."
    )


def test_an_error_in_the_query_or_the_data_breaks_the_contract() -> None:
    with pytest.raises(ContractBroken, match="cannot be extracted"), translated_errors(CUSTODY):
        raise sqlite3.ProgrammingError("no such column")


def test_an_error_of_the_project_stays_as_it_is() -> None:
    with pytest.raises(UsageError, match="as it is"), translated_errors(CUSTODY):
        raise UsageError("as it is")


def test_the_sqlstate_of_postgresql_decides_whether_an_error_can_pass() -> None:
    lost, denied = psycopg.errors.AdminShutdown("x"), psycopg.errors.InsufficientPrivilege("x")
    assert isinstance(source_error(psycopg.OperationalError("x"), CUSTODY), SourceUnavailable)
    assert isinstance(source_error(lost, CUSTODY), SourceUnavailable)
    assert isinstance(source_error(denied, CUSTODY), ContractBroken)


def test_a_reason_is_the_first_line_of_a_message_or_the_name_of_the_error() -> None:
    assert reason(ValueError("\n  first.\nsecond")) == "first"
    assert reason(ValueError()) == "ValueError"


def test_driver_errors_are_recognised_by_the_base_classes_of_pep_249() -> None:
    assert is_driver_error(sqlite3.IntegrityError())
    assert is_driver_error(psycopg.OperationalError())
    assert not is_driver_error(ValueError())
