"""The check of Airflow: its DAGs, its database, and its processes."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from oic_assurance.operations.doctor.programs import measure_airflow
from oic_assurance.settings import PROJECT_ROOT, Settings
from tests.integration.operations.test_doctor import states, the

ADDRESS = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty database for Airflow."""
    path = tmp_path / "airflow.db"
    monkeypatch.setenv(DATABASE, f"sqlite:///{path}")
    return path


@contextmanager
def api_server(health: dict[str, Any]) -> Iterator[str]:
    """Answer as Airflow's api-server does when it is asked how its processes are."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/api/v2/monitor/health"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(health).encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/execution/"
    finally:
        server.shutdown()
        server.server_close()


def test_a_file_that_cannot_be_loaded_and_a_dead_scheduler_are_found(
    settings: Settings, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dags = tmp_path / "project" / "dags"
    shutil.copytree(PROJECT_ROOT / "dags", dags)
    (dags / "broken.py").write_text("from airflow.sdk import dag\nraise ValueError('heron')\n")
    broken = dataclasses.replace(settings, project_root=dags.parent)
    seen = "2026-01-01T00:00:00+00:00"
    health = {
        "metadatabase": {"status": "healthy"},
        "scheduler": {"status": "unhealthy", "latest_scheduler_heartbeat": seen},
        "triggerer": {"status": None, "latest_triggerer_heartbeat": None},
    }
    with api_server(health) as address:
        monkeypatch.setenv(ADDRESS, address)
        found = list(measure_airflow(broken))
    assert the(found, "DAGs").state == "failed"
    assert "heron" in the(found, "DAGs").what
    assert the(found, "its database").what == "empty: Airflow was not started here"
    assert the(found, "metadatabase").state == "ok"
    assert the(found, "scheduler").state == "failed"
    assert "2026-01-01T00:00:00" in the(found, "scheduler").what
    assert the(found, "triggerer").state == "failed"


@pytest.mark.slow
def test_a_migrated_database_is_ok_and_a_silent_api_server_is_found(
    settings: Settings, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**os.environ, "AIRFLOW_HOME": str(database.parent)}
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert set(states(measure_airflow(settings)).values()) == {"ok"}
    monkeypatch.setenv(ADDRESS, "http://127.0.0.1:1/execution/")
    found = list(measure_airflow(settings))
    assert the(found, "its database").state == "ok"
    assert the(found, "processes").state == "failed"
