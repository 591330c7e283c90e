"""A message names a command as whoever reads it types it, with the force if there are several."""

from pathlib import Path

import pytest

from oic_assurance.commands import CHECKOUT, ENTERED, VARIABLE, as_typed
from oic_assurance.errors import AssuranceError, ServerError
from oic_assurance.state.read import no_server

COMPOSE = "docker compose run --rm assurance"
TEXT = "Next: `assurance status`; `assurance run` makes one; see `make setup`."


def test_a_command_names_the_force() -> None:
    text = "Next: `assurance status`; `assurance publication release` ends the hold."
    named = (
        "Next: `assurance status --force E23000022`; "
        "`assurance publication release --force E23000022` ends the hold."
    )
    assert as_typed(text, "E23000022") == named
    assert as_typed(named, "E23000022") == named


def test_a_command_about_the_deployment_names_none() -> None:
    for text in ("`assurance up`", "`assurance forces list`", "`assurance help tls`", "`make run`"):
        assert as_typed(text, "E23000022") == text


@pytest.mark.parametrize(
    ("is_checkout", "given", "typed"),
    [
        (
            True, "",
            "Next: `.venv/bin/assurance status`; `.venv/bin/assurance run` makes one; "
            "see `make setup`.",
        ),
        (False, "", TEXT),
        (
            True, COMPOSE,
            f"Next: `{COMPOSE} status`; `docker compose exec api-server airflow dags trigger "
            "assurance_daily` makes one; see `docker compose build`.",
        ),
        (
            False, "kubectl exec deploy/oic-scheduler -- assurance",
            "Next: `kubectl exec deploy/oic-scheduler -- assurance status`; "
            "`kubectl exec deploy/oic-scheduler -- assurance run` makes one; see `make setup`.",
        ),
    ],
)  # fmt: skip
def test_the_place_decides_how_a_command_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_checkout: bool, given: str, typed: str
) -> None:
    monkeypatch.setattr("oic_assurance.commands.PROJECT_ROOT", tmp_path)
    monkeypatch.setenv(VARIABLE, given)
    if is_checkout:
        (tmp_path / CHECKOUT).parent.mkdir(parents=True)
        (tmp_path / CHECKOUT).touch()
    assert as_typed(TEXT) == typed
    # What is stored names the command as the code does, and who shows it decides.
    assert AssuranceError(TEXT).message == TEXT
    assert str(AssuranceError(TEXT)) == typed


def test_problems_and_runs_of_one_of_several_forces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, COMPOSE)
    monkeypatch.setenv(ENTERED, "E23000021")
    assert no_server(ServerError("gone")).what_to_do == f"{COMPOSE} doctor --force E23000021"
    trigger = "docker compose exec api-server airflow dags trigger assurance_daily_e23000021"
    assert as_typed("`assurance run`") == f"`{trigger}`"
