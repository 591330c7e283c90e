"""dbt's files contain no part of the command line, because it can name a record."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.builds.dbt import forget_project, run_dbt, target_dir
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.migrate import migrate
from tests.databases import MODELS_DATABASE, temporary_warehouse

KEY = "NCCU-KEY-7Q7X"


@pytest.fixture
def warehouse(home: Path) -> Iterator[Settings]:
    """A migrated warehouse in which dbt can build."""
    with temporary_warehouse(MODELS_DATABASE):
        migrate(load_settings())
        yield load_settings()


def test_the_key_of_an_explained_record_is_in_no_file_of_dbt(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["assurance", "explain", "--record", "referral", KEY]
    monkeypatch.setattr(sys, "argv", command)
    forget_project()
    run_dbt(warehouse, "daily", ["seed", "--select", "accountable_body"])
    assert sys.argv is command
    files = [path for path in warehouse.home.glob("dbt/**/*") if path.is_file()]
    files += [path for path in warehouse.log_dir.rglob("*") if path.is_file()]
    assert target_dir(warehouse, "daily") / "run_results.json" in files
    assert [path.name for path in files if KEY.encode() in path.read_bytes()] == []
