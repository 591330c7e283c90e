"""Connections come from Airflow's secrets backend, if it is configured and no variable is set."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from oic_assurance.errors import ServerError
from oic_assurance.forces.enter import enter, leave
from oic_assurance.platform.airflow import secrets_backend
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.airflow_uri import connection_type, find_connection_uri, use_lookup
from oic_assurance.warehouse.connections import login_url

BACKEND = "airflow.secrets.local_filesystem.LocalFilesystemBackend"


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The connections file of a secrets backend that Airflow is configured to use."""
    file = tmp_path / "connections.json"
    monkeypatch.setenv("ASSURANCE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv(secrets_backend.VARIABLE, BACKEND)
    monkeypatch.setenv(
        "AIRFLOW__SECRETS__BACKEND_KWARGS", json.dumps({"connections_file_path": str(file)})
    )
    _forget()
    yield file
    use_lookup(None)
    _forget()


def _forget() -> None:
    secrets_backend._find.cache_clear()
    secrets_backend._backend.cache_clear()


def test_a_stage_logs_in_with_the_connection_of_the_backend(
    vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.write_text(
        json.dumps(
            {
                "warehouse": "postgres://owner:p%40ss@db.example:5433/house?sslmode=verify-full",
                "warehouse_gate": {
                    "conn_type": "postgres",
                    "login": "oic_gate",
                    "password": "from the vault",
                },
            }
        )
    )
    secrets_backend.use_secrets_backend(load_settings())
    assert login_url(load_settings(), "oic_gate") == (
        "postgresql://oic_gate:from%20the%20vault@db.example:5433/house?sslmode=verify-full"
    )
    assert connection_type("warehouse") == "postgres"
    assert find_connection_uri("warehouse_landing") is None
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://owner:other@db.example/house")
    assert find_connection_uri("warehouse") == "postgresql://owner:other@db.example/house"


def test_a_backend_that_does_not_answer_is_an_error_that_names_it(vault: Path) -> None:
    vault.write_text("{ not JSON")
    secrets_backend.use_secrets_backend(load_settings())
    with pytest.raises(
        ServerError, match=r"for the connection 'warehouse'.*AIRFLOW__SECRETS__BACKEND"
    ):
        find_connection_uri("warehouse")


def test_without_a_backend_airflow_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(secrets_backend.VARIABLE, raising=False)
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE", raising=False)
    monkeypatch.setattr(secrets_backend, "_backend", None)
    secrets_backend.use_secrets_backend(load_settings())
    assert find_connection_uri("warehouse") is None


def test_a_backend_that_cannot_be_loaded_is_not_passed_over(
    vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow itself would continue without the backend, possibly with the wrong warehouse."""
    monkeypatch.setenv(secrets_backend.VARIABLE, "airflow.secrets.nowhere.Vault")
    secrets_backend.use_secrets_backend(load_settings())
    with pytest.raises(ServerError, match="secrets backend does not answer"):
        connection_type("warehouse")


def test_a_process_that_enters_another_force_uses_the_token_of_that_force(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = ("E23000022", "E23000021")
    (tmp_path / "forces.yml").write_text(
        json.dumps(
            {"forces": [{"code": code, "name": code, "accountable_body": "x"} for code in codes]}
        )
    )
    monkeypatch.setenv("ASSURANCE_FORCES", str(tmp_path / "forces.yml"))
    for code in codes:
        own = tmp_path / f"{code}.json"
        own.write_text(json.dumps({f"{code.lower()}_rms": f"postgres://reader@{code.lower()}/rms"}))
        # The path stands for a token that opens the connections of one force.
        monkeypatch.setenv(
            f"AIRFLOW_{code}__SECRETS__BACKEND_KWARGS",
            json.dumps({"connections_file_path": str(own)}),
        )
    try:
        for code in codes:
            enter(code)
            secrets_backend.use_secrets_backend(load_settings())
            assert find_connection_uri("rms") == f"postgresql://reader@{code.lower()}/rms"
    finally:
        leave()
