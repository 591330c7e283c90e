"""A simulated force with two publications, and the logins that read it. All test files share it."""

import dataclasses
import re
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from oic_assurance.publishing.publish import publish
from oic_assurance.settings import load_settings
from tests.end_to_end.terminal import Terminal, published_force
from tests.readers.copies import Copier


@pytest.fixture(scope="package")
def force() -> Iterator[Terminal]:
    with published_force("2025-11-01") as terminal:
        # A second publication, so that a test can roll back to the first.
        settings = dataclasses.replace(load_settings(), home=terminal.home)
        publish(settings, Copier.of_current(settings).make())
        yield terminal


@pytest.fixture(scope="package")
def logins(force: Terminal) -> dict[str, str]:
    """A connection string for each kind of reader: all records, one team's records, aggregates."""
    with psycopg.connect(force.url("bi")) as conn:
        [(unit,)] = conn.execute(
            "select org_unit_code from fct_nccu_referral group by 1 order by count(*) desc limit 1"
        )
    return {
        "bi_reader": force.url("bi"),
        "supervisor": _new_login(force, "inspector.one", "--unit", unit),
        "office": _new_login(force, "office.analyst", "--office"),
    }


def _new_login(force: Terminal, login: str, *rights: str) -> str:
    done = force.does("access", "give", login, *rights, "--reason", "a test of readers")
    password = re.search(r"stored anywhere: (\S+)", done.stdout)
    assert password, done.stdout
    return make_conninfo(force.url("bi"), user=login, password=password[1])
