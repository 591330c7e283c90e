"""`assurance up` starts Airflow's programs, and they find what its settings name."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from oic_assurance.platform.airflow import scheduler
from oic_assurance.platform.processes import Processes
from oic_assurance.settings import load_settings
from tests.ports import free_port


def test_a_relative_setting_means_the_same_for_airflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSURANCE_HOME", "state")
    monkeypatch.setenv("ASSURANCE_ARCHIVE_URL", "archive")
    monkeypatch.setenv("ASSURANCE_AIRFLOW_PORT", str(free_port()))
    monkeypatch.setattr(scheduler, "prepare_warehouse", lambda settings: None)
    monkeypatch.setattr(
        scheduler, "airflow_metadata_url", lambda settings: "postgresql://localhost/airflow"
    )
    monkeypatch.setattr(Processes, "finish", lambda *of: None)
    monkeypatch.setattr(Processes, "wait_until", lambda *of: None)
    monkeypatch.setattr(Processes, "watch", lambda self: 0)
    seen: set[str] = set()

    def start(
        self: Processes,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
    ) -> None:
        assert command[:2] == [sys.executable, "-P"]
        monkeypatch.chdir(folder)
        seen.add(load_settings(environment).archive)

    monkeypatch.setattr(Processes, "start", start)
    assert scheduler.up(load_settings(), print) == 0
    assert seen == {f"file://{tmp_path}/archive"}
