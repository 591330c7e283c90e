"""The DAG files load. Each DAG has the tasks that operators rely on, and a page for operators."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from oic_assurance.errors import UsageError
from tests.commands import python

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"
EXPECTED = {
    "assurance_backup",
    "assurance_daily",
    "assurance_drill",
    "assurance_review",
    "assurance_signoff",
    "assurance_upkeep",
    "assurance_watch",
}
TASK_ONLY = ("dbt", "great_expectations", "pandas", "numpy", "sqlalchemy.dialects.postgresql")
PARSE_SECONDS = 5.0

LOAD = """
import json, sys, time
import airflow.sdk
before, started = set(sys.modules), time.process_time()
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    __import__(name)
print(json.dumps([time.process_time() - started, sorted(set(sys.modules) - before)]))
"""


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSURANCE_BACKUPS", "/mnt/backups")
        return loaded()


def loaded(place: Path = DAGS) -> dict[str, Any]:
    """Return the DAGs of a file or folder, as the environment of this process makes them."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(place))
    assert bag.import_errors == {}
    return dict(bag.dags)


@pytest.fixture(scope="module")
def daily(dags: dict[str, Any]) -> Any:
    return dags["assurance_daily"]


def test_exactly_the_expected_dags_exist(dags: dict[str, Any]) -> None:
    assert set(dags) == EXPECTED
    assert len(list(DAGS.glob("*.py"))) == len(EXPECTED)


def test_every_dag_has_an_owner_tags_and_an_operators_page(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert dag.tags >= {"assurance", "oic"}
        assert "You were called" in dag.doc_md
        assert {task.owner for task in dag.tasks} == {"data-engineering"}


def test_the_operators_page_names_only_tasks_that_exist(daily: Any) -> None:
    import re

    named = set(re.findall(r"`([a-z]+_[a-z]+)`", daily.doc_md))
    assert named
    assert named <= set(daily.task_dict)


def test_it_runs_at_half_past_five_in_london_one_at_a_time(daily: Any) -> None:
    assert daily.timetable.expression == "30 5 * * *"
    assert daily.timetable.timezone.name == "Europe/London"
    assert daily.catchup is False
    assert daily.max_active_runs == 1


@pytest.mark.parametrize("asks", ["no", "yes"])
def test_the_timeout_of_a_run_leaves_time_for_an_approval(
    monkeypatch: pytest.MonkeyPatch, asks: str
) -> None:
    monkeypatch.setenv("ASSURANCE_APPROVE_WARNINGS", asks)
    monkeypatch.setenv("ASSURANCE_APPROVAL_HOURS", "4.5")
    daily = loaded(DAGS / "assurance_daily.py")["assurance_daily"]
    assert daily.dagrun_timeout == timedelta(hours=7.5)


def test_an_approval_that_cannot_be_requested_says_why(daily: Any) -> None:
    """The task raises the error before it uses the warehouse, so the test needs no warehouse."""
    from airflow.providers.standard.exceptions import HITLTriggerEventError

    approval = daily.get_task("approve_warning")
    event = {"error": "the answer was no option of these", "error_type": "validation"}
    with pytest.raises(HITLTriggerEventError, match="no option of these"):
        approval.execute_complete({}, event)


def test_every_task_retries_with_growing_delays(daily: Any) -> None:
    for task in daily.tasks:
        assert task.retries >= 1
        assert task.retry_exponential_backoff > 1
        assert timedelta(0) < task.retry_delay <= task.max_retry_delay


def test_only_errors_that_can_pass_are_retried(daily: Any) -> None:
    from airflow.sdk import RetryAction

    from oic_assurance import errors

    def decision(error: Exception) -> RetryAction:
        policy = daily.task_dict["publish"].retry_policy
        return policy.evaluate(error, try_number=1, max_tries=2).action

    temporary = [errors.SourceUnavailable("down"), errors.ServerError("restarting")]
    permanent = [errors.GateBlocked("x"), errors.DeliveryRefused("x"), errors.AssuranceError("x")]
    assert {decision(error) for error in temporary} == {RetryAction.RETRY}
    assert {decision(error) for error in [*permanent, KeyError("x")]} == {RetryAction.FAIL}


def test_extraction_is_mapped_over_datasets_and_its_failure_does_not_stop_the_run(
    daily: Any,
) -> None:
    from airflow.sdk import TriggerRule

    assert daily.task_dict["extract"].is_mapped
    # A source that hangs does not occupy the place of a task for ever.
    assert daily.task_dict["extract"].partial_kwargs["execution_timeout"] == timedelta(hours=1)
    landing = daily.task_dict["close_landing"]
    assert landing.upstream_task_ids == {"open_run", "extract"}
    assert landing.trigger_rule == TriggerRule.ALL_DONE_MIN_ONE_SUCCESS


def test_publish_runs_after_every_audit(daily: Any) -> None:
    upstream = {
        task.task_id for task in daily.task_dict["publish"].get_flat_relatives(upstream=True)
    }
    assert {"build_marts", "audit_landing", "audit_marts", "seal_marts", "audit_sealed"} <= upstream
    # The landing is checked while the marts are built.
    assert daily.task_dict["build_marts"].downstream_task_ids == {"audit_marts"}
    assert [asset.name for asset in daily.task_dict["publish"].outlets] == ["oic_assurance_marts"]


def test_only_the_last_task_decides_whether_the_run_succeeded(daily: Any) -> None:
    from airflow.sdk import TriggerRule

    leaves = [task for task in daily.tasks if not task.downstream_task_ids]
    assert [task.task_id for task in leaves] == ["close_run"]
    assert leaves[0].trigger_rule == TriggerRule.ALL_DONE


@pytest.mark.parametrize(("deadline", "late"), [("", "30 7 * * *"), ("08:37", "37 8 * * *")])
def test_the_watch_runs_every_quarter_of_an_hour_and_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, deadline: str, late: str
) -> None:
    monkeypatch.setenv("ASSURANCE_RUN_DEADLINE", deadline)
    schedules = loaded()["assurance_watch"].timetable.timetables
    assert {one.expression for one in schedules} == {"*/15 * * * *", late}
    assert {str(one.timezone) for one in schedules} == {"Europe/London"}


def test_a_place_for_tasks_is_left_in_which_the_watch_tells_that_a_run_is_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for places, extracts in (("1", 1), ("2", 1), ("4", 3), ("32", 4)):
        monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", places)
        found = loaded()
        daily = found["assurance_daily"]
        assert daily.get_task("extract").max_active_tis_per_dagrun == extracts
    # Airflow adds the weights of the tasks that come after a task.
    notify = found["assurance_watch"].get_task("notify")
    assert notify.priority_weight > sum(task.priority_weight for task in daily.tasks)


def test_a_backup_is_made_every_night_and_its_restore_is_proven_every_week(
    dags: dict[str, Any],
) -> None:
    assert dags["assurance_backup"].timetable.expression == "0 2 * * *"
    assert dags["assurance_drill"].timetable.expression == "0 3 * * 0"
    # docker-compose.yml: only the first host shares a folder with the service that restores.
    assert [task.queue for task in dags["assurance_drill"].tasks] == ["first-host"]


def test_without_a_place_for_back_ups_no_dag_is_green_for_what_it_did_not_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ASSURANCE_BACKUPS", "ASSURANCE_DRILL_PLACE"):
        monkeypatch.delenv(name, raising=False)
    assert EXPECTED - loaded().keys() == {"assurance_backup", "assurance_drill"}
    monkeypatch.setenv("ASSURANCE_DRILL_PLACE", "/mnt/drill")
    assert EXPECTED - loaded().keys() == {"assurance_backup"}


def test_upkeep_runs_between_back_up_and_daily_run_and_ends_before_it(
    dags: dict[str, Any],
) -> None:
    upkeep = dags["assurance_upkeep"]
    assert upkeep.timetable.expression == "0 4 * * *"
    assert upkeep.dagrun_timeout <= timedelta(hours=1)
    assert upkeep.max_active_runs == 1


def test_upkeep_has_a_task_for_each_part_and_none_stops_another(dags: dict[str, Any]) -> None:
    from airflow.sdk import TriggerRule

    from oic_assurance.platform.upkeep import PARTS

    tasks = [task.task_id for task in dags["assurance_upkeep"].topological_sort()]
    assert tasks == [*PARTS, "close_upkeep"]
    for task in dags["assurance_upkeep"].tasks:
        assert task.trigger_rule == TriggerRule.ALL_DONE


def test_the_form_of_a_run_by_hand_asks_for_the_moment_and_needs_none(daily: Any) -> None:
    asked = daily.params.get_param("as_at")
    assert asked.value is None
    assert asked.schema["type"] == ["null", "string"]
    assert "London" in asked.description


def test_the_form_of_an_approval_asks_for_name_and_reason_alone(daily: Any) -> None:
    assert set(daily.get_task("approve_warning").params) == {"name", "reason"}


def test_parsing_is_quick_and_imports_nothing_that_only_tasks_need() -> None:
    files = [path.stem for path in DAGS.glob("*.py")]
    done = python("-c", LOAD, str(DAGS), *files)
    seconds, modules = json.loads(done.stdout.splitlines()[-1])
    imported = [name for name in modules if name.split(".")[0] in TASK_ONLY or name in TASK_ONLY]
    assert imported == []
    assert seconds < PARSE_SECONDS


def answer(option: str, **fields: str) -> dict[str, Any]:
    return {
        "chosen_options": [option],
        "responded_by_user": {"id": "7", "name": "a.lead"},
        "params_input": fields,
        "timedout": False,
    }


@pytest.fixture
def made(dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Give an answer to a task, and return what the task then makes or records."""
    from oic_assurance.operations import review
    from oic_assurance.operations.sign_off import steps

    def give(task: str, event: dict[str, Any]) -> list[Any]:
        found: list[Any] = []
        for place, name in ((steps, "make_step"), (review, "decide_all"), (review, "confirm_all")):
            monkeypatch.setattr(place, name, lambda _, *what, **more: found.append((*what, more)))
        asked = dags["assurance_signoff" if task == "make_step" else "assurance_review"]
        operator = asked.get_task(task)
        monkeypatch.setattr(type(operator).__bases__[0], "execute_complete", lambda *_: None)
        operator.code, operator.step, operator.dataset = "HYDRA", "FORCE", "hr/personnel"
        operator.execute_complete({"ti": SimpleNamespace(start_date=ASKED_AT)}, event)
        return found

    return give


MAKE = answer("Make this step", because="it is done", evidence="")
ERASE = answer("Erase them", reason="still open", until=" 2028-06-30 ")
ASKED_AT = datetime(2028, 1, 1, tzinfo=UTC)
DECIDED = {
    "is_kept": False, "account": "a.lead", "reason": "still open", "until": "2028-06-30",
    "asked_at": ASKED_AT,
}  # fmt: skip


@pytest.mark.parametrize(
    ("task", "event", "expected"),
    [
        (
            "make_step", MAKE,
            ("HYDRA", "FORCE", {"account": "a.lead", "through": "airflow",
                                "because": "it is done", "evidence": None}),
        ),
        ("decide", ERASE, ("hr/personnel", DECIDED)),
        (
            "decide", {**ERASE, "chosen_options": ["Keep them"]},
            ("hr/personnel", {**DECIDED, "is_kept": True}),
        ),
        ("confirm", answer("Confirm"), ("hr/personnel", "a.lead", ASKED_AT, {})),
    ],
)  # fmt: skip
def test_the_account_that_answers_signs_decides_or_confirms(
    made: Callable[..., list[Any]], task: str, event: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert made(task, event) == [expected]


@pytest.mark.parametrize(
    ("task", "event"),
    [
        ("make_step", {**MAKE, "chosen_options": ["Do not make it"]}),
        ("make_step", {**MAKE, "timedout": True}),
        ("decide", answer("Decide nothing")),
        ("decide", {**answer("Decide nothing"), "timedout": True}),
        ("confirm", answer("Do not confirm")),
        ("confirm", {**answer("Confirm"), "timedout": True}),
    ],
)
def test_without_a_yes_nothing_is_made_decided_or_confirmed(
    made: Callable[..., list[Any]], task: str, event: dict[str, Any]
) -> None:
    assert made(task, event) == []


@pytest.mark.parametrize(
    ("task", "event", "told"),
    [
        ("make_step", {**MAKE, "params_input": {}}, "lacks its words"),
        ("decide", {**ERASE, "responded_by_user": None}, "does not say who answered"),
    ],
)
def test_an_answer_without_words_or_an_account_is_refused(
    made: Callable[..., list[Any]], task: str, event: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        made(task, event)
