"""People log in to Airflow with their own accounts. Nobody can both operate and approve a run.

tests/connectors/test_roles.py tries what each role may do, and test_sign_on.py single sign-on.
"""

import runpy
import time

import httpx
import psycopg
import pytest

from tests.end_to_end.accounts import DEPLOY, PASSWORD, Deployment, as_person
from tests.end_to_end.airflow_server import airflow
from tests.end_to_end.conftest import AS_AT
from tests.end_to_end.terminal import Terminal

pytestmark = pytest.mark.slow

DAILY, TASK = "assurance_daily", "approve_warning"
WAITS = "awaiting_input"


@pytest.fixture
def deployment(terminal: Terminal, first_run: str) -> Terminal:
    """Prepare Airflow's database like the service `init` of the compose file, with four people."""
    deployment = Deployment(terminal, {"AIRFLOW_SIGN_ON": "database"})
    deployment.prepare()
    deployment.add_people()
    return deployment.terminal


def test_who_approves_is_not_who_operates(deployment: Terminal) -> None:
    with airflow(deployment, login=("chief", PASSWORD)) as chief:
        base = str(chief.client.base_url).removesuffix("/api/v2/")
        with (
            as_person(base, "reader") as reader,
            as_person(base, "operator") as operator,
            as_person(base, "approver") as approver,
        ):
            trigger = {"logical_date": None, "conf": {"as_at": AS_AT}}
            place = f"/dags/{DAILY}/dagRuns"
            # In a new deployment the scheduler starts the first run by itself.
            first = chief.run_of(DAILY, AS_AT)
            chief.wait_for(DAILY, first, TASK, WAITS)
            approver.answer(DAILY, first, TASK, "Reject", "only the first run")
            assert chief.wait_for_end(DAILY, first) == "failed"
            assert reader.client.get(place).status_code == 200
            for one in (reader, approver):
                assert one.client.post(place, json=trigger).status_code == 403
            run = operator.trigger(DAILY, AS_AT)
            chief.wait_for(DAILY, run, TASK, WAITS)
            for one in (reader, operator):
                with pytest.raises(httpx.HTTPStatusError, match="403"):
                    one.answer(DAILY, run, TASK, "Approve", "looks fine")
            approver.answer(DAILY, run, TASK, "Approve", "known and harmless")
            assert chief.wait_for_end(DAILY, run) == "success"
            # An administrator has both roles, but may not use both on one run.
            run = chief.trigger(DAILY, AS_AT)
            chief.wait_for(DAILY, run, TASK, WAITS)
            chief.answer(DAILY, run, TASK, "Approve", "I trust myself")
            assert chief.wait_for_end(DAILY, run) == "failed"
        with psycopg.connect(deployment.url("warehouse")) as warehouse:
            found = warehouse.execute(
                """
                select run.started_by, approval.login, run.outcome
                from audit.run as run
                left join audit.build as build using (run_id)
                left join audit.approval as approval using (build_id)
                where run.started_by in ('operator', 'chief')
                order by run.started_at desc
                limit 2
                """
            ).fetchall()
        assert found == [("chief", None, "failed"), ("operator", "approver", "published")]
        wrong_passwords_slow_down(base)


def wrong_passwords_slow_down(base: str) -> None:
    durations = []
    with httpx.Client(base_url=base, timeout=60) as client:
        for _ in range(6):
            began = time.monotonic()
            answer = client.post("/auth/token", json={"username": "reader", "password": "wrong"})
            durations.append(time.monotonic() - began)
            assert answer.status_code == 401
    assert sum(durations[3:]) > sum(durations[:3]) + 1


def test_groups_of_the_organisation_decide_the_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AIRFLOW_SIGN_ON": "oauth",
        "AIRFLOW_OAUTH_CLIENT_ID": "assurance",
        "AIRFLOW_OAUTH_CLIENT_SECRET": PASSWORD,
        "AIRFLOW_OAUTH_METADATA_URL": "https://sso.example.org/.well-known/openid-configuration",
        "AIRFLOW_GROUP_APPROVERS": "OPFCC Assurance",
        "AIRFLOW_GROUP_OPERATORS": "Data engineering",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AIRFLOW_GROUP_ADMINISTRATORS", raising=False)
    found = runpy.run_path(str(DEPLOY / "webserver_config.py"))
    assert found["AUTH_ROLES_MAPPING"] == {
        "OPFCC Assurance": ["Assurance approver"], "Data engineering": ["Assurance operator"],
    }  # fmt: skip
    assert found["AUTH_USER_REGISTRATION_ROLE"] == "Public"
    monkeypatch.setenv("AIRFLOW_SIGN_ON", "anybody")
    with pytest.raises(ValueError, match="oauth or database"):
        runpy.run_path(str(DEPLOY / "webserver_config.py"))
