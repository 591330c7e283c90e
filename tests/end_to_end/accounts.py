"""Personal accounts in Airflow, as a deployment has them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest

from oic_assurance.platform.airflow.environment import airflow_environment
from oic_assurance.settings import load_settings
from oic_assurance.warehouse.connections import airflow_metadata_url
from tests.end_to_end.airflow_server import Airflow, log_in
from tests.end_to_end.terminal import PROJECT, Terminal

DEPLOY = PROJECT / "deploy" / "airflow"
PASSWORD = "made-up-for-this-test"
#: A person with each role, keyed by the person's user name.
PEOPLE = {
    "reader": "Assurance reader",
    "operator": "Assurance operator",
    "approver": "Assurance approver",
    "chief": "Admin",
}
#: The settings that docker-compose.yml gives to Airflow about accounts.
ACCOUNTS = {
    "AIRFLOW__CORE__AUTH_MANAGER": (
        "oic_assurance.platform.airflow.auth_manager.AssuranceFabAuthManager"
    ),
    "AIRFLOW__FAB__CONFIG_FILE": str(DEPLOY / "webserver_config.py"),
    "ASSURANCE_APPROVE_WARNINGS": "yes",
    "ASSURANCE_SECOND_PERSON": "yes",
}
_ADD_PEOPLE = """
import json, sys
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

with get_application_builder() as builder:
    for name, role in json.loads(sys.argv[1]).items():
        mail, found = f"{name}@example.org", builder.sm.find_role(role)
        assert builder.sm.add_user(name, name, "Test", mail, found, sys.argv[2])
"""


class Deployment:
    """A state folder with Airflow's commands, as the service `init` of the compose file runs them.

    `accounts` has the variables about accounts that Airflow's processes get.
    """

    def __init__(self, terminal: Terminal, accounts: Mapping[str, str]) -> None:
        self.accounts = {**ACCOUNTS, **accounts}
        self.terminal = Terminal(terminal.home, terminal.project, self.accounts)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ASSURANCE_HOME", str(terminal.home))
            settings = load_settings()
            url = airflow_metadata_url(settings)
            #: The address of Airflow's database, for psycopg.
            self.metadata = re.sub(r"\+\w+(?=://)", "", url)
            self.environment = {**os.environ, **airflow_environment(settings, url), **self.accounts}

    def command(self, *arguments: str) -> None:
        """Run a command of Airflow to its end."""
        self._run("-m", "airflow", *arguments)

    def prepare(self) -> None:
        """Create Airflow's tables, permissions and roles."""
        self.command("db", "migrate")
        self.command("sync-perm")

    def add_people(self) -> None:
        """Create an account with a password for each of `PEOPLE`, all in one process."""
        self._run("-c", _ADD_PEOPLE, json.dumps(PEOPLE), PASSWORD)

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, cwd=self.terminal.home,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def as_person(base: str, name: str) -> Iterator[Airflow]:
    """Log in to the Airflow at an address as one of `PEOPLE`."""
    with httpx.Client(base_url=base, timeout=300) as client:
        log_in(client, name, PASSWORD)
        yield Airflow(client)
