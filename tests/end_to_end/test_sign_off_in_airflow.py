"""A step of a sign-off is asked for and made in Airflow, under the account of who answers."""

import pytest

from oic_assurance.platform.airflow.sign_off import LEAVE, MAKE
from tests.end_to_end.airflow_server import Airflow, airflow
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.slow

DAG, TASK = "assurance_signoff", "make_step"
WAITS = "awaiting_input"
CODE = "INTEL_PLAN"


def entries(terminal: Terminal) -> list[tuple[str, str]]:
    """Return the step and the account of each entry about the point."""
    shown = terminal.document("signoff", "show", CODE)
    return [(entry["step"], entry["account"]) for entry in shown["entries"]]


def ask(server: Airflow, step: str, option: str, because: str) -> str:
    """Ask for a step, and answer. Return the state in which the run ends."""
    run = server.start(DAG, code=CODE, step=step)
    server.wait_for(DAG, run, TASK, WAITS)
    server.fill_in(DAG, run, TASK, option, because=because, evidence="")
    return server.wait_for_end(DAG, run)


def test_a_step_is_made_if_a_person_says_so_and_the_rules_allow_it(
    terminal: Terminal, first_run: str
) -> None:
    with airflow(terminal) as server:
        assert ask(server, "STEPS_AGREED", LEAVE, "not yet") == "success"
        assert entries(terminal) == []
        # An answer without its words makes no step.
        assert ask(server, "STEPS_AGREED", MAKE, " ") == "failed"
        assert entries(terminal) == []
        assert ask(server, "STEPS_AGREED", MAKE, "three plans by December") == "success"
        assert entries(terminal) == [("STEPS_AGREED", "assurance")]
        # The force signs after the evidence was shown, and nobody makes two steps.
        assert ask(server, "FORCE", MAKE, "it is done") == "failed"
        assert entries(terminal) == [("STEPS_AGREED", "assurance")]
