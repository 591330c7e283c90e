"""Compose accepts the description in each size, and nothing starts with a secret missing."""

from pathlib import Path

import pytest

from oic_assurance.platform.airflow.scheduler import EXECUTOR
from tests.deployment.description import (
    ROOT,
    NotAcceptedError,
    describe,
    in_order,
    write_settings,
)

pytestmark = pytest.mark.slow


def example() -> dict[str, str]:
    """Return the settings of .env.example, with a word for each that has no default."""
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    return {name: value or "word" for name, value in pairs if name != "COMPOSE_PROFILES"}


@pytest.mark.parametrize(
    ("profile", "executor", "runs_tasks"),
    [
        ("one-host", EXECUTOR, {"scheduler"}),
        ("many-hosts", "CeleryExecutor", {"celery-scheduler", "worker"}),
        ("worker", "CeleryExecutor", {"remote-worker"}),
    ],
)
def test_a_profile_alone_decides_the_executor(
    tmp_path: Path, profile: str, executor: str, runs_tasks: set[str]
) -> None:
    services = describe(write_settings(tmp_path / ".env", example()), profile)["services"]
    found = {
        name: service["environment"]["AIRFLOW__CORE__EXECUTOR"]
        for name, service in services.items()
        if "AIRFLOW__CORE__EXECUTOR" in (service.get("environment") or {})
    }
    assert found == dict.fromkeys(runs_tasks, executor)


@pytest.mark.parametrize("missing", sorted(example()))
def test_compose_names_a_setting_that_is_missing(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in example().items() if name != missing}
    with pytest.raises(NotAcceptedError, match=rf"required variable {missing} is missing"):
        describe(write_settings(tmp_path / ".env", given), "one-host")


@pytest.mark.parametrize("profile", ["one-host", "many-hosts"])
def test_what_reports_to_the_api_server_starts_after_it(tmp_path: Path, profile: str) -> None:
    services = describe(write_settings(tmp_path / ".env", example()), profile)["services"]
    order = in_order(services)
    for name in {"scheduler", "celery-scheduler", "worker"} & set(order):
        waits_for = services[name]["depends_on"]
        assert waits_for["api-server"]["condition"] == "service_healthy"
        assert waits_for["init"]["condition"] == "service_completed_successfully"
        assert order.index("api-server") < order.index(name)
