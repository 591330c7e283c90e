"""If a deployment requires approval, Airflow waits for a person, and the decision is recorded."""

import os
import pwd
from typing import Any

import pytest

from tests.end_to_end.airflow_server import Airflow, airflow
from tests.end_to_end.conftest import AS_AT
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.slow

DAILY, TASK = "assurance_daily", "approve_warning"
WAITS = "awaiting_input"
#: Warnings need an approval, and Airflow waits two minutes for it. This is long enough for the
#: tests that answer, and short enough for the test that does not.
ASKS = {"ASSURANCE_APPROVE_WARNINGS": "yes", "ASSURANCE_APPROVAL_HOURS": "0.033"}


@pytest.fixture
def deployment(terminal: Terminal, first_run: str) -> Terminal:
    return Terminal(terminal.home, terminal.project, ASKS)


def ask(terminal: Terminal, query: str) -> list[tuple[Any, ...]]:
    return terminal.ask(query, "warehouse")


def last_decision(terminal: Terminal) -> tuple[Any, ...]:
    """Return the decision on the newest build.

    The values are whether the build is approved, the name of the person who decided, the account or
    login used, the reason, and the program through which the person decided.
    """
    (decision,) = ask(
        terminal,
        "select is_approved, who, login, reason, through from audit.approval "
        "where build_id = (select max(build_id) from audit.build where purpose = 'daily')",
    )
    return decision


def test_airflow_waits_for_a_person_and_follows_the_decision(deployment: Terminal) -> None:
    with airflow(deployment) as server:
        reject(deployment, server)
        approve(deployment, server)
        give_no_answer(deployment, server)


def reject(terminal: Terminal, server: Airflow) -> None:
    before = terminal.current()
    run = server.run_of(DAILY, AS_AT)
    server.wait_for(DAILY, run, TASK, WAITS)
    assert "A publication waits for approval" in terminal.assurance("notify", "--dry-run").stdout
    server.answer(DAILY, run, TASK, "Reject", "half of HR is missing")
    assert server.wait_for_end(DAILY, run) == "failed"
    assert server.state(DAILY, run, "publish") == "failed"
    assert server.state(DAILY, run, "document") == "success"
    assert terminal.current() == before
    assert last_decision(terminal) == (
        False, "A. Lead", "assurance", "half of HR is missing", "airflow"
    )  # fmt: skip
    notification = " ".join(terminal.assurance("notify", "--dry-run").stdout.split())
    assert "its warnings were rejected by A. Lead" in notification
    assert "half of HR is missing" in notification


def approve(terminal: Terminal, server: Airflow) -> None:
    run = server.trigger(DAILY, AS_AT)
    server.wait_for(DAILY, run, TASK, WAITS)
    server.answer(DAILY, run, TASK, "Approve", "known and harmless")
    assert server.wait_for_end(DAILY, run) == "success"
    assert last_decision(terminal) == (
        True, "A. Lead", "assurance", "known and harmless", "airflow"
    )  # fmt: skip
    assert ask(
        terminal, "select run_id, outcome from audit.run order by started_at desc limit 1"
    ) == [(run, "published")]
    ((verdict, caveats),) = ask(
        terminal,
        "select gate_verdict, (select count(caveat) from marts.assurance_position) "
        "from marts.publication where is_current",
    )
    assert verdict == "warning"
    assert caveats > 0


def give_no_answer(terminal: Terminal, server: Airflow) -> None:
    before = terminal.current()
    run = server.trigger(DAILY, AS_AT)
    assert server.wait_for_end(DAILY, run) == "failed"
    assert terminal.current() == before
    assert last_decision(terminal) == (
        False,
        "expiry",
        "expiry",
        "there was no answer in time",
        "expiry",
    )


def test_at_a_terminal_the_run_ends_and_a_command_approves(deployment: Terminal) -> None:
    before = deployment.current()
    done = deployment.assurance("run", "--as-at", AS_AT)
    assert done.returncode == 1
    ((build_id,),) = ask(
        deployment, "select max(build_id) from audit.build where purpose = 'daily'"
    )
    assert f"assurance publication approve {build_id} --reason" in done.stderr
    assert deployment.current() == before
    by = ["--by", "A. Lead", "--reason", "known and harmless"]
    # The build was opened with the setting that requires approval. A command without this setting
    # must require approval too.
    without = Terminal(deployment.home, deployment.project)
    assert without.assurance("publication", "approve", str(build_id), "--by", "A. Lead").returncode
    assert deployment.current() == before
    approved = without.does("publication", "approve", str(build_id), *by)
    said = " ".join(approved.stdout.lower().split())
    assert f"readers see publication {build_id}" in said
    assert last_decision(deployment) == (
        True, "A. Lead", pwd.getpwuid(os.getuid()).pw_name, "known and harmless", "command line"
    )  # fmt: skip
