"""An error of the database in which Airflow records a run of `assurance run` is one line."""

import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm.exc import DetachedInstanceError

from oic_assurance.errors import AssuranceError
from oic_assurance.platform.airflow.in_process import record_can_be_written


def error_of_sqlite(reason: str) -> OperationalError:
    return OperationalError("insert", {}, sqlite3.OperationalError(reason))


@pytest.mark.parametrize(
    ("free", "error", "reason"),
    [
        (0, error_of_sqlite("database or disk is full"), "No space left on device"),
        (0, error_of_sqlite("disk I/O error"), "No space left on device"),
        (0, DetachedInstanceError("not bound to a session"), "No space left on device"),
        (10**9, error_of_sqlite("disk I/O error"), "disk I/O error"),
    ],
)
def test_the_reason_is_named_with_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, error: SQLAlchemyError, reason: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(AssuranceError) as raised, record_can_be_written(tmp_path / "run.db"):
        raise error
    place = tmp_path / "run.db"
    assert raised.value.message == (
        f"Airflow's record of the run in {place} cannot be written: {reason}."
    )


def test_an_error_of_airflow_itself_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(DetachedInstanceError), record_can_be_written(tmp_path / "run.db"):
        raise DetachedInstanceError("not bound to a session")
