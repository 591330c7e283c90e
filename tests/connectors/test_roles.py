"""Each role may do in Airflow what docs/how-to/accounts.md says, and nothing else."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import httpx
import psycopg
import pytest

from oic_assurance.platform.airflow.approval import APPROVE, REJECT
from tests.connectors.role_actions import ACTIONS, TASK, start
from tests.connectors.sign_on import api_server
from tests.end_to_end.accounts import PEOPLE, Deployment, as_person
from tests.end_to_end.airflow_server import Airflow
from tests.end_to_end.terminal import PROJECT, new_terminal
from tests.ports import free_port

pytestmark = pytest.mark.slow

#: A row of the table of roles: the action, and a cell for each role.
ROW = re.compile(r"^\| ([^|]+?) \| (yes|–) \| (yes|–) \| (yes|–) \| (yes|–) \|$", re.MULTILINE)

Found = dict[str, set[str]]


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with new_terminal() as terminal:
        terminal.does("db", "start")
        deployment = Deployment(terminal, {"AIRFLOW_SIGN_ON": "database"})
        deployment.prepare()
        deployment.add_people()
        deployment.command("dags", "reserialize")
        yield deployment


@pytest.fixture(scope="module")
def people(deployment: Deployment) -> Iterator[dict[str, Airflow]]:
    """One of each role, logged in to Airflow's REST API."""
    address = f"http://127.0.0.1:{free_port()}"
    with (
        api_server(deployment, address, deployment.terminal.home / "api-server.log"),
        ExitStack() as logins,
    ):
        yield {name: logins.enter_context(as_person(address, name)) for name in PEOPLE}


def documented() -> Found:
    """Return which of `PEOPLE` may do each action, as docs/how-to/accounts.md says."""
    page = (PROJECT / "docs" / "how-to" / "accounts.md").read_text(encoding="utf-8")
    return {
        action: {name for name, cell in zip(PEOPLE, cells, strict=True) if cell == "yes"}
        for action, *cells in ROW.findall(page)
    }


def ask(deployment: Deployment, run: str) -> None:
    """Let the task of a run wait for an answer, as its operator does when it runs."""
    with psycopg.connect(deployment.metadata) as database:
        database.execute(
            """
            insert into hitl_detail (
                ti_id, options, subject, multiple, params, params_input, created_at
            )
            select id, to_json(%(options)s::text[]), 'Publish?', false, '{}', '{}', now()
            from task_instance
            where run_id = %(run)s and task_id = %(task)s
            """,
            {"options": [APPROVE, REJECT], "run": run, "task": TASK},
        )
        database.execute(
            "update task_instance set state = 'awaiting_input' "
            "where run_id = %(run)s and task_id = %(task)s",
            {"run": run, "task": TASK},
        )


def test_each_role_may_do_what_the_table_says(
    deployment: Deployment, people: dict[str, Airflow]
) -> None:
    found: Found = {action: set() for action in ACTIONS}
    for action, request in ACTIONS.items():
        for name, person in people.items():
            # Each attempt has a run of its own, whose task waits for an answer.
            run = start(people["chief"], "").json()["dag_run_id"]
            ask(deployment, run)
            response = request(person, run)
            if response.status_code != httpx.codes.FORBIDDEN:
                # A file that somebody else has asked for is not asked for twice.
                done = response.is_success or response.status_code == httpx.codes.CONFLICT
                assert done, f"{name}: {action}: {response.text}"
                found[action].add(name)
    assert found == documented()


def test_airflow_s_own_auth_manager_would_not_let_the_approver_answer() -> None:
    """If this test fails, a new version separates the two itself, and our class can go."""
    # Only `make test-all` installs the provider.
    from airflow.api_fastapi.auth.managers.models.resource_details import (
        DagAccessEntity,
        DagDetails,
    )
    from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

    from oic_assurance.platform.airflow.auth_manager import AssuranceFabAuthManager
    from oic_assurance.platform.airflow.roles import ROLES

    approver = SimpleNamespace(perms=ROLES["Assurance approver"])
    may_answer = {
        manager: manager().is_authorized_dag(
            method="PUT", user=approver, access_entity=DagAccessEntity.HITL_DETAIL,
            details=DagDetails(id="assurance_daily"),
        )
        for manager in (FabAuthManager, AssuranceFabAuthManager)
    }  # fmt: skip
    assert may_answer == {FabAuthManager: False, AssuranceFabAuthManager: True}
