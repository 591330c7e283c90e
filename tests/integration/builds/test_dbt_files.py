"""dbt's files contain no part of the command line, because it can name a record."""

import sys

import pytest

from oic_assurance.builds.dbt import forget_project, run_dbt, target_dir
from oic_assurance.settings import Settings

KEY = "NCCU-KEY-7Q7X"


def test_the_key_of_an_explained_record_is_in_no_file_of_dbt(
    empty_models: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["assurance", "explain", "--record", "referral", KEY]
    monkeypatch.setattr(sys, "argv", command)
    forget_project()
    run_dbt(empty_models, "daily", ["seed", "--select", "accountable_body"])
    assert sys.argv is command
    files = [path for path in empty_models.home.glob("dbt/**/*") if path.is_file()]
    files += [path for path in empty_models.log_dir.rglob("*") if path.is_file()]
    assert target_dir(empty_models, "daily") / "run_results.json" in files
    assert [path.name for path in files if KEY.encode() in path.read_bytes()] == []
