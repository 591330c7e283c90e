"""People log in to Airflow through an OpenID Connect provider. Their groups decide their roles."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.connectors.sign_on import NAME, Provider, api_server, browser
from tests.end_to_end.accounts import Deployment
from tests.end_to_end.airflow_server import patiently
from tests.end_to_end.terminal import new_terminal
from tests.ports import free_port

pytestmark = pytest.mark.slow

GROUPS = {
    "AIRFLOW_GROUP_READERS": "Force performance",
    "AIRFLOW_GROUP_OPERATORS": "Data engineering",
    "AIRFLOW_GROUP_APPROVERS": "/OPFCC/Assurance",
    "AIRFLOW_GROUP_ADMINISTRATORS": "Platform team",
}


def _claims(username: str, *groups: str) -> dict[str, object]:
    return {
        "preferred_username": username, "given_name": username, "family_name": "Test",
        "email": f"{username}@example.org", "groups": groups,
    }  # fmt: skip


PEOPLE: dict[str, dict[str, object]] = {
    "1": _claims("r.reader", GROUPS["AIRFLOW_GROUP_READERS"], "Cyclists"),
    "2": _claims("o.operator", GROUPS["AIRFLOW_GROUP_OPERATORS"]),
    "3": _claims("a.approver", GROUPS["AIRFLOW_GROUP_APPROVERS"]),
    "4": _claims("c.chief", GROUPS["AIRFLOW_GROUP_ADMINISTRATORS"]),
    "5": _claims("n.nobody", "Cyclists"),
    "6": {"email": "nameless@example.org", "groups": [GROUPS["AIRFLOW_GROUP_ADMINISTRATORS"]]},
    "7": _claims("l.leaver", GROUPS["AIRFLOW_GROUP_ADMINISTRATORS"]),
}
#: What each person gets: the DAGs, the accounts, and whether a run may be started.
DAGS, ACCOUNTS, RUNS = "/api/v2/dags", "/auth/fab/v1/users", "/api/v2/dags/assurance_upkeep/dagRuns"


@dataclass(frozen=True)
class World:
    """The address of Airflow's api-server, and the provider that it asks."""

    airflow: str
    provider: Provider

    def statuses(self, sub: str) -> list[int]:
        """Log a person in. Return the statuses of reading DAGs, accounts and of starting a run."""
        with browser(self.airflow, self.provider, sub) as client:
            return [
                client.get(DAGS).status_code,
                client.get(ACCOUNTS).status_code,
                client.post(RUNS, json={"logical_date": None}).status_code,
            ]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    airflow = f"http://127.0.0.1:{free_port()}"
    with new_terminal() as terminal:
        terminal.does("db", "start")
        provider = Provider(terminal.home, PEOPLE)
        with provider.running():
            identity, secret = provider.register(f"{airflow}/auth/oauth-authorized/{NAME}")
            deployment = Deployment(
                terminal,
                {
                    "AIRFLOW_SIGN_ON": "oauth",
                    "AIRFLOW_OAUTH_NAME": NAME,
                    "AIRFLOW_OAUTH_CLIENT_ID": identity,
                    "AIRFLOW_OAUTH_CLIENT_SECRET": secret,
                    "AIRFLOW_OAUTH_METADATA_URL": provider.metadata,
                    "AIRFLOW__FAB__COOKIE_SECURE": "False",
                    **GROUPS,
                },
            )
            deployment.prepare()
            deployment.command("dags", "reserialize")
            with api_server(deployment, airflow, terminal.home / "api-server.log"):
                yield World(airflow, provider)


@pytest.mark.parametrize(
    ("sub", "expected"),
    [
        pytest.param("1", [200, 403, 403], id="reader"),
        pytest.param("2", [200, 403, 200], id="operator"),
        pytest.param("3", [200, 403, 403], id="approver"),
        pytest.param("4", [200, 200, 200], id="administrator"),
        pytest.param("5", [403, 403, 403], id="in no group"),
        pytest.param("6", [401, 401, 401], id="without a user name"),
    ],
)
def test_groups_decide_what_a_person_may_do(world: World, sub: str, expected: list[int]) -> None:
    assert world.statuses(sub) == expected


def test_each_account_has_the_name_and_the_role_of_the_sign_on(world: World) -> None:
    for sub in ("2", "5"):
        world.statuses(sub)
    with browser(world.airflow, world.provider, "4") as chief:
        users = chief.get(ACCOUNTS).json()["users"]
    roles = {one["username"]: [role["name"] for role in one["roles"]] for one in users}
    # Flask-AppBuilder gives its role `Public`, which has no permissions, to everybody.
    assert {*roles["o.operator"]} == {"Assurance operator", "Public"}
    assert {*roles["c.chief"]} == {"Admin", "Public"}
    assert roles["n.nobody"] == ["Public"]


def test_somebody_in_no_group_gets_nothing_from_any_list(world: World) -> None:
    lists = (
        "dags", "dags/~/dagRuns", "dags/~/dagRuns/~/taskInstances", "dags/~/dagRuns/~/hitlDetails",
        "connections", "variables", "pools", "eventLogs", "importErrors", "jobs", "assets",
        "dagSources/assurance_daily", "providers", "plugins", "config",
    )  # fmt: skip
    with browser(world.airflow, world.provider, "5") as nobody:
        found = {path: nobody.get(f"/api/v2/{path}").status_code for path in lists}
    assert {*found.values()} == {403}, found


def test_groups_are_read_again_at_each_login(world: World) -> None:
    assert world.statuses("7") == [200, 200, 200]
    world.provider.change("7", _claims("l.leaver"))
    with browser(world.airflow, world.provider, "7") as leaver:
        # Airflow asks its database for an account's roles every half minute.
        for _ in patiently("the leaver keeps the role"):
            if leaver.get(DAGS).status_code == httpx.codes.FORBIDDEN:
                break
    assert world.statuses("7") == [403, 403, 403]


def test_nobody_gets_in_beside_the_provider(world: World) -> None:
    world.statuses("4")
    with httpx.Client(base_url=world.airflow, follow_redirects=True, timeout=300) as client:
        for password in ("", "c.chief", "x"):
            given = {"username": "c.chief", "password": password}
            assert client.post("/auth/token", json=given).is_client_error
        # A forged answer of the provider, without a login that began here.
        client.get(f"/auth/oauth-authorized/{NAME}", params={"code": "x", "state": "x"})
        assert client.get(DAGS).status_code == 401
