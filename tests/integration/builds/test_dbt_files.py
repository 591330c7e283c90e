"""dbt's files are written when the project has changed, and contain no part of the command line."""

import sys

import pytest

from oic_assurance.builds.dbt import (
    ONLY_RESULTS,
    forget_project,
    is_described,
    note_described,
    run_dbt,
    target_dir,
)
from oic_assurance.builds.dbt_docs import build_docs
from oic_assurance.builds.engine import run_models
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


@pytest.mark.slow
def test_what_the_project_is_is_written_only_if_it_has_changed(
    empty_models: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results of a command are written each time."""
    folder = target_dir(empty_models, "daily")
    seed = ["seed", "--select", "accountable_body"]
    run_models(empty_models, "daily", seed)
    note_described(empty_models, "daily")
    page = build_docs(empty_models)
    written, results = (folder / "manifest.json", folder / "run_results.json")
    before = [path.stat().st_mtime_ns for path in (written, page, results)]

    (node,) = run_models(empty_models, "daily", seed)
    assert node.succeeded
    build_docs(empty_models)
    now = [path.stat().st_mtime_ns for path in (written, page, results)]
    assert now[:2] == before[:2]
    assert now[2] > before[2]

    monkeypatch.setattr("oic_assurance.builds.dbt.project_fingerprint", lambda _: "another")
    assert not is_described(empty_models, "daily")
    run_models(empty_models, "daily", seed)
    build_docs(empty_models)
    for path, old in zip((written, page), before[:2], strict=True):
        assert path.stat().st_mtime_ns > old


@pytest.mark.slow
def test_a_manifest_that_something_else_has_written_describes_nothing(
    empty_models: Settings,
) -> None:
    run_dbt(empty_models, "daily", ["seed", "--select", "accountable_body"])
    note_described(empty_models, "daily")
    assert is_described(empty_models, "daily")
    run_dbt(empty_models, "daily", ["seed", "--select", "accountable_body", ONLY_RESULTS])
    assert is_described(empty_models, "daily")
    run_dbt(empty_models, "daily", ["seed", "--select", "accountable_body"])
    assert not is_described(empty_models, "daily")
