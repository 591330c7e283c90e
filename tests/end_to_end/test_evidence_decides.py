"""The results in the audit tables decide what is published. Airflow's task states do not."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from oic_assurance.warehouse.locks import PUBLISHING, take
from tests.end_to_end.airflow_server import Airflow, airflow
from tests.end_to_end.conftest import AS_AT
from tests.end_to_end.terminal import PROJECT, Terminal

pytestmark = pytest.mark.slow

DAILY, RECKLESS = "assurance_daily", "assurance_reckless"
BY_HAND = """
import sys
from oic_assurance import pipeline
from oic_assurance.clock import parse_moment
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import load_settings
settings = load_settings()
try:
    {call}
except AssuranceError as error:
    sys.exit(f"{{type(error).__name__}}: {{error.message}}")
"""


def ask(terminal: Terminal, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, run with the login of the warehouse's owner."""
    return terminal.ask(query, "warehouse")


def publications(terminal: Terminal) -> list[tuple[Any, ...]]:
    return ask(terminal, "select publication_id, is_current from marts.publication order by 1")


def newest_build(terminal: Terminal) -> int:
    ((build_id,),) = ask(terminal, "select max(build_id) from audit.build where purpose = 'daily'")
    assert isinstance(build_id, int)
    return build_id


def why_it_failed(terminal: Terminal, run: str) -> str:
    ((outcome, message),) = ask(
        terminal, f"select outcome, message from audit.run where run_id = '{run}'"
    )
    assert outcome == "blocked"
    return str(message)


def by_hand(terminal: Terminal, call: str) -> subprocess.CompletedProcess[str]:
    """Run a task's code in a separate process, without Airflow."""
    return terminal.python("-c", BY_HAND.format(call=call))


def publish_by_hand(terminal: Terminal, build_id: int) -> subprocess.CompletedProcess[str]:
    return by_hand(terminal, f"pipeline.publish(settings, 'by hand', {build_id})")


@pytest.fixture
def damaged(terminal: Terminal, first_run: str, tmp_path: Path) -> Terminal:
    """A terminal with a copy of the project, in which a mart computes a wrong figure.

    The gate blocks the builds of this copy. The copy also has a second DAG, which skips the gate.
    """
    for name in ("include", "expectations", "dags", "dbt_project"):
        shutil.copytree(
            PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("target", "__pycache__")
        )
    mart = tmp_path / "dbt_project/models/marts/assurance/assurance_measure.sql"
    _change(mart, mart, {"measure.numerator,": "measure.denominator + 1 as numerator,"})
    _change(
        tmp_path / "dags/assurance_daily.py",
        tmp_path / "dags/assurance_reckless.py",
        {
            DAILY: RECKLESS,
            "schedule=schedule(own)": "schedule=None",
            "@task\n": "@task(trigger_rule=TriggerRule.ALL_DONE)\n",
            '@task(outlets=[asset("marts", own.suffix)])': (
                "@task(trigger_rule=TriggerRule.ALL_DONE)"
            ),
            "return pipeline.audit(": "raise AirflowSkipException(",
            "from airflow.sdk import (": (
                "from airflow.sdk.exceptions import AirflowSkipException\nfrom airflow.sdk import ("
            ),
        },
    )
    return Terminal(terminal.home, tmp_path)


def _change(source: Path, target: Path, changes: dict[str, str]) -> None:
    text = source.read_text()
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    target.write_text(text)


def test_no_task_state_publishes_a_blocked_build(damaged: Terminal) -> None:
    before = publications(damaged)
    with airflow(damaged) as server:
        run = server.run_of(DAILY, AS_AT)
        assert server.wait_for_end(DAILY, run) == "failed"
        assert server.state(DAILY, run, "audit_marts") == "failed"
        assert publications(damaged) == before
        mark_the_audit_as_succeeded(damaged, server, run)
        assert publications(damaged) == before
        mark_the_audit_as_skipped(server, run)
        assert publications(damaged) == before
        mark_the_publication_as_succeeded(damaged, server, run)
        assert publications(damaged) == before
        skip_every_audit(damaged, server)
        assert publications(damaged) == before
    refused = publish_by_hand(damaged, newest_build(damaged))
    assert refused.returncode == 1
    assert "GateBlocked" in refused.stderr
    assert publications(damaged) == before


def mark_the_audit_as_succeeded(damaged: Terminal, server: Airflow, run: str) -> None:
    """Mark the failed audit as successful in Airflow, and run the tasks after it.

    The publication must still be refused, because the stored result of the gate is critical.
    """
    server.mark(DAILY, run, "audit_marts", "success")
    server.clear(DAILY, run, "seal_marts", downstream=True)
    assert server.wait_for_end(DAILY, run) == "failed"
    # The sealed marts use the damaged mart, so their audit fails too.
    assert server.state(DAILY, run, "audit_sealed") == "failed"
    server.mark(DAILY, run, "audit_sealed", "success")
    server.clear(DAILY, run, "approve_warning", downstream=True)
    assert server.wait_for_end(DAILY, run) == "failed"
    assert server.state(DAILY, run, "approve_warning") == "success"
    assert server.state(DAILY, run, "publish") == "failed"
    assert "the gate 'marts' is critical" in why_it_failed(damaged, run)


def mark_the_audit_as_skipped(server: Airflow, run: str) -> None:
    server.mark(DAILY, run, "audit_marts", "skipped")
    server.clear(DAILY, run, "seal_marts", downstream=True)
    assert server.wait_for_end(DAILY, run) == "failed"
    assert server.state(DAILY, run, "publish") == "skipped"


def mark_the_publication_as_succeeded(damaged: Terminal, server: Airflow, run: str) -> None:
    """Mark the task `publish` as successful in Airflow, although it published nothing.

    The last task of the run looks for the publication, does not find it, and fails.
    """
    server.mark(DAILY, run, "publish", "success")
    server.clear(DAILY, run, "close_run")
    assert server.wait_for_end(DAILY, run) == "failed"
    assert server.state(DAILY, run, "publish") == "success"
    assert server.state(DAILY, run, "close_run") == "failed"


def skip_every_audit(damaged: Terminal, server: Airflow) -> None:
    """Run a DAG that skips all audits, but whose trigger rules still start the publication.

    The publication must be refused, because no result of the gate is stored.
    """
    run = server.trigger(RECKLESS, AS_AT)
    assert server.wait_for_end(RECKLESS, run) == "failed"
    assert server.state(RECKLESS, run, "audit_marts") == "skipped"
    assert server.state(RECKLESS, run, "publish") == "failed"
    assert "no verdict is stored" in why_it_failed(damaged, run)


def test_a_run_killed_before_its_publication_can_publish_only_what_was_audited(
    terminal: Terminal, first_run: str
) -> None:
    before = publications(terminal)
    killed_before_publication(terminal)
    assert publications(terminal) == before
    # The build is audited, complete and unchanged, so it may be published without Airflow too.
    build_id = newest_build(terminal)
    assert publish_by_hand(terminal, build_id).returncode == 0
    assert publications(terminal)[-1] == (build_id, True)


def test_a_generation_that_was_changed_after_its_audit_is_not_published(
    terminal: Terminal, first_run: str
) -> None:
    before = publications(terminal)
    killed_before_publication(terminal)
    with psycopg.connect(terminal.url("admin")) as warehouse:
        warehouse.execute(
            "update candidate.assurance_position set value = 1 where point_code = 'HYDRA'"
        )
    refused = publish_by_hand(terminal, newest_build(terminal))
    assert "candidate.assurance_position was changed after its audit" in refused.stderr
    assert publications(terminal) == before
    # The next run builds the marts again and publishes them.
    terminal.does("run", "--as-at", AS_AT)


def killed_before_publication(terminal: Terminal) -> None:
    """Start a run, and kill it after the gate has passed, before the publication."""
    with publishing_blocked(terminal):
        run = terminal.begin("run", "--as-at", AS_AT)
        assert run.stdout is not None
        while "Check the sealed marts" not in run.stdout.readline():
            assert run.poll() is None
        run.kill()
        run.communicate()


@contextmanager
def publishing_blocked(terminal: Terminal) -> Iterator[None]:
    with psycopg.connect(terminal.url("admin"), autocommit=True) as warehouse:
        take(warehouse, PUBLISHING)
        yield


def test_a_run_that_lost_its_candidate_to_another_publishes_nothing(
    terminal: Terminal, first_run: str
) -> None:
    before = publications(terminal)
    with airflow(terminal) as server:
        run = server.run_of(DAILY, AS_AT)
        server.wait_for(DAILY, run, "audit_marts", "running", "success")
        other = by_hand(
            terminal,
            "pipeline.build_marts(settings, 'by hand',"
            f" pipeline.close_landing(settings, 'by hand', parse_moment({AS_AT!r})))",
        )
        assert other.returncode == 0, other.stderr
        assert server.wait_for_end(DAILY, run) == "failed"
        message = ask(terminal, f"select message from audit.run where run_id = '{run}'")
    assert f"build {newest_build(terminal)} has been built in it since" in message[0][0]
    assert publications(terminal) == before
