"""The DAG files: they load, each of them, and promise what whoever is called at night relies on."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"
EXPECTED = {"assurance_daily", "assurance_watch"}
DOES_NOT_BELONG = ("dbt", "great_expectations", "pandas", "numpy", "sqlalchemy.dialects.postgresql")
PARSE_SECONDS = 5.0

LOAD = """
import json, sys, time
import airflow.sdk
before, began = set(sys.modules), time.process_time()
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    __import__(name)
print(json.dumps([time.process_time() - began, sorted(set(sys.modules) - before)]))
"""


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(DAGS))
    assert bag.import_errors == {}
    return dict(bag.dags)


@pytest.fixture(scope="module")
def daily(dags: dict[str, Any]) -> Any:
    return dags["assurance_daily"]


def test_every_dag_is_there_and_no_other(dags: dict[str, Any]) -> None:
    assert set(dags) == EXPECTED
    assert len(list(DAGS.glob("*.py"))) == len(EXPECTED)


def test_every_dag_has_an_owner_tags_and_a_page_for_the_night(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.tags >= {"assurance", "oic"}
        assert "You were called" in dag.doc_md
        assert {task.owner for task in dag.tasks} == {"data-engineering"}


def test_the_page_for_the_night_names_only_tasks_that_exist(daily: Any) -> None:
    import re

    named = set(re.findall(r"`([a-z]+_[a-z]+)`", daily.doc_md))
    assert named
    assert named <= set(daily.task_dict)


def test_it_runs_at_half_past_five_in_london_one_at_a_time(daily: Any) -> None:
    assert daily.timetable.expression == "30 5 * * *"
    assert daily.timetable.timezone.name == "Europe/London"
    assert daily.catchup is False
    assert daily.max_active_runs == 1


@pytest.mark.parametrize(("asks", "hours"), [("no", 3.0), ("yes", 7.5)])
def test_a_run_that_hangs_is_ended_and_has_longer_only_where_a_person_is_asked(
    monkeypatch: pytest.MonkeyPatch, asks: str, hours: float
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    monkeypatch.setenv("ASSURANCE_APPROVE_WARNINGS", asks)
    monkeypatch.setenv("ASSURANCE_APPROVAL_HOURS", "4.5")
    daily = DagBag(str(DAGS)).dags["assurance_daily"]
    assert daily.dagrun_timeout == timedelta(hours=hours)


def test_a_question_that_could_not_be_asked_says_why(daily: Any) -> None:
    """Before anything else is looked at, so the warehouse need not be there."""
    from airflow.providers.standard.exceptions import HITLTriggerEventError

    approval = daily.get_task("approve_warning")
    event = {"error": "the answer was no option of these", "error_type": "validation"}
    with pytest.raises(HITLTriggerEventError, match="no option of these"):
        approval.execute_complete({}, event)


def test_every_task_tries_again_with_growing_patience(daily: Any) -> None:
    for task in daily.tasks:
        assert task.retries >= 1
        assert task.retry_exponential_backoff > 1
        assert timedelta(0) < task.retry_delay <= task.max_retry_delay


def test_what_can_heal_is_tried_again_and_nothing_else(daily: Any) -> None:
    from airflow.sdk import RetryAction

    from oic_assurance import errors

    def decision(error: Exception) -> RetryAction:
        policy = daily.task_dict["publish"].retry_policy
        return policy.evaluate(error, try_number=1, max_tries=2).action

    heals = [errors.SourceUnavailable("down"), errors.ServerError("restarting")]
    does_not = [errors.GateBlocked("x"), errors.DeliveryRefused("x"), errors.AssuranceError("x")]
    assert {decision(error) for error in heals} == {RetryAction.RETRY}
    assert {decision(error) for error in [*does_not, KeyError("x")]} == {RetryAction.FAIL}


def test_extraction_is_mapped_and_holds_nothing_up(daily: Any) -> None:
    from airflow.sdk import TriggerRule

    assert daily.task_dict["extract"].is_mapped
    landing = daily.task_dict["close_landing"]
    assert landing.upstream_task_ids == {"open_run", "extract"}
    assert landing.trigger_rule == TriggerRule.ALL_DONE_MIN_ONE_SUCCESS


def test_nothing_is_published_but_after_every_audit(daily: Any) -> None:
    before = {task.task_id for task in daily.task_dict["publish"].get_flat_relatives(upstream=True)}
    assert {"build_marts", "audit_landing", "audit_marts", "seal_marts", "audit_sealed"} <= before
    assert [asset.name for asset in daily.task_dict["publish"].outlets] == ["oic_assurance_marts"]


def test_the_run_is_judged_by_its_last_task_alone(daily: Any) -> None:
    from airflow.sdk import TriggerRule

    leaves = [task for task in daily.tasks if not task.downstream_task_ids]
    assert [task.task_id for task in leaves] == ["close_run"]
    assert leaves[0].trigger_rule == TriggerRule.ALL_DONE


def test_somebody_is_told_every_quarter_of_an_hour_if_anybody_is_named(
    dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    assert dags["assurance_watch"].timetable.can_be_scheduled is False
    monkeypatch.setenv("ASSURANCE_NOTIFY_WEBHOOK", "https://chat.example/hook")
    named = DagBag(str(DAGS)).dags["assurance_watch"]
    assert named.timetable.expression == "*/15 * * * *"


def test_parsing_is_quick_and_imports_nothing_that_tasks_alone_need() -> None:
    files = [path.stem for path in DAGS.glob("*.py")]
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(DAGS), *files],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    seconds, modules = json.loads(done.stdout.splitlines()[-1])
    belongs_to_tasks = [
        name for name in modules if name.split(".")[0] in DOES_NOT_BELONG or name in DOES_NOT_BELONG
    ]
    assert belongs_to_tasks == []
    assert seconds < PARSE_SECONDS
