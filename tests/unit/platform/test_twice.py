"""Whoever starts a product twice is told that it runs, and not to choose another port."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from oic_assurance.errors import AssuranceError
from oic_assurance.platform.airflow import scheduler
from oic_assurance.platform.superset import server
from oic_assurance.settings import Settings, load_settings
from oic_assurance.warehouse.process_lock import only_one


@pytest.mark.parametrize(
    ("start", "lock", "variable"),
    [
        (scheduler.up, scheduler.LOCK, "ASSURANCE_AIRFLOW_PORT"),
        (server.serve, server.LOCK, "ASSURANCE_SUPERSET_PORT"),
    ],
)
def test_a_second_start_names_the_first(
    start: Callable[[Settings, Callable[[str], None]], int],
    lock: str,
    variable: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path))
    monkeypatch.setattr(server, "_programs", lambda settings: tmp_path)
    settings = load_settings()
    with socket.create_server(("127.0.0.1", 0)) as first, only_one(settings, lock):
        monkeypatch.setenv(variable, str(first.getsockname()[1]))
        with pytest.raises(AssuranceError, match=f"`assurance {lock}` is running on"):
            start(settings, print)
