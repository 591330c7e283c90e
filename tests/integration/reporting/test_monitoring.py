"""What a monitor sees: the metrics, and the state with its exit code, in real states."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from unittest.mock import Mock

import pytest

from oic_assurance.cli.main import run_command
from oic_assurance.clock import LONDON, utc_now
from oic_assurance.reporting.metrics import collect
from oic_assurance.settings import Settings
from oic_assurance.state.monitor import EXIT_CODES
from oic_assurance.state.read import open_problems
from tests.databases import Prepared
from tests.integration.asking import ask
from tests.integration.publishing.marts import published

RUN = "insert into audit.run (run_id, as_at, started_at, finished_at, outcome, message) values "


def publish_long_ago(settings: Settings) -> None:
    published(settings)
    ask(settings, "update audit.run set started_at = as_at, finished_at = as_at + interval '1 h'")


@pytest.fixture
def old(prepared: Prepared) -> Iterator[Settings]:
    """A warehouse whose last publication is of a day long ago."""
    with prepared.copy(publish_long_ago) as settings:
        yield settings


@pytest.fixture
def healthy(old: Settings) -> Settings:
    """A warehouse with a publication of today and without any problem."""
    now = utc_now()
    ask(old, "update audit.run set as_at = %s, started_at = %s", now, now)
    for table in ("audit.build", "marts.publication"):
        ask(old, f"update {table} set as_at = %s", now)
    return old


def values(settings: Settings, metric: str) -> dict[tuple[str, ...], float]:
    """Return the values of a metric by its labels. `metric` is its name without the first word."""
    return {
        sample.labels: sample.value
        for sample in collect(settings)
        if sample.metric.name == f"assurance_{metric}"
    }


def monitor(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run the command of a monitor. Return its exit code and its only line."""
    capsys.readouterr()
    code = run_command(["status", "--monitor"])
    output = capsys.readouterr()
    assert output.err == ""
    (line,) = output.out.splitlines()
    states = {number: state for state, number in EXIT_CODES.items()}
    assert line.startswith(f"{states[code].upper()} - ")
    return code, line


def test_before_the_first_publication_a_monitor_is_told(
    fresh_warehouse: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for deadline, words in (
        ("23:59", "Nothing has been published yet"),
        ("00:00", "The run has not finished by its deadline"),
    ):
        monkeypatch.setenv("ASSURANCE_RUN_DEADLINE", deadline)
        code, line = monitor(capsys)
        assert (code, words in line) == (2, True)
    assert values(fresh_warehouse, "publication_as_at_timestamp_seconds") == {}
    assert values(fresh_warehouse, "run_outcome") == {}
    assert values(fresh_warehouse, "metrics_collected_timestamp_seconds")


def test_all_is_well(healthy: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    code, line = monitor(capsys)
    assert (code, line.endswith("| problems=0")) == (0, True)
    assert set(values(healthy, "problems").values()) == {0}


def test_a_problem_behind_a_publication_of_today_is_a_warning(
    healthy: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(
        healthy,
        "insert into audit.batch (run_id, force_code, dataset, source_place, kind, delivered_for, "
        "status, reason, landed_at) values "
        "('r', %s, 'hr/personnel', 'p', 'file', now(), 'refused', 'a | b of A. Person', now())",
        healthy.force_code,
    )
    code, line = monitor(capsys)
    assert (code, "A delivery was refused (hr/personnel)" in line) == (1, True)
    assert "Person" not in line
    assert values(healthy, "problems")["delivery",] == 1


@pytest.mark.parametrize("outcome", ["blocked", "failed"])
def test_a_run_without_a_publication_is_critical(
    outcome: str, healthy: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(healthy, f"{RUN} ('r2', now(), now(), now() + interval '90 s', %s, 'why')", outcome)
    assert monitor(capsys)[0] == 2
    assert values(healthy, "run_outcome")[outcome,] == 1
    assert sum(values(healthy, "run_outcome").values()) == 1
    assert values(healthy, "run_duration_seconds") == {(): 90.0}
    assert values(healthy, "problems")["publication",] == 1


def test_an_overdue_publication_is_critical(
    old: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    code, line = monitor(capsys)
    assert (code, "has not finished by its deadline" in line) == (2, True)
    (problem,) = open_problems(old)
    assert values(old, "publication_due_timestamp_seconds") == {(): problem.since.timestamp()}


def test_the_next_publication_is_due_by_the_deadline_of_the_next_day(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSURANCE_RUN_DEADLINE", "09:15")
    ((due,),) = (values(healthy, "publication_due_timestamp_seconds").values(),)
    moment = datetime.fromtimestamp(due, LONDON)
    assert (moment.hour, moment.minute) == (9, 15)
    assert moment.date() == utc_now().astimezone(LONDON).date() + timedelta(days=1)


def test_a_server_that_cannot_be_reached_is_critical(
    healthy: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://nobody:x@127.0.0.1:1/warehouse")
    assert monitor(capsys)[0] == 2
    assert run_command(["status", "--monitor", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["monitor"]["state"] == "critical"
    assert [one["problem_code"] for one in found["problems"]] == ["server"]


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("setting", "ASSURANCE_RUN_DEADLINE: 'soon' is not a time of day such as 07:30."),
        ("views", "are not those of this code: `assurance db start`"),
        ("error", "unexpected KeyError"),
    ],
)
def test_what_nobody_can_judge_leaves_the_state_unknown(
    healthy: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    cause: str,
    told: str,
) -> None:
    if cause == "setting":
        monkeypatch.setenv("ASSURANCE_RUN_DEADLINE", "soon")
    elif cause == "views":
        ask(healthy, "drop table audit.restore_drill cascade")
    else:
        fails = Mock(side_effect=KeyError("heron"))
        monkeypatch.setattr("oic_assurance.cli.status.find_problems", fails)
    code, line = monitor(capsys)
    assert (code, told in line, "heron" in line) == (3, True, False)
    assert run_command(["status", "--monitor", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["monitor"]["state"] == "unknown"


def test_back_ups_and_drills_have_their_moments(healthy: Settings) -> None:
    assert values(healthy, "backup_made_timestamp_seconds") == {}
    ask(
        healthy,
        "insert into audit.backup (made_at, folder, sha256, parts, size_bytes, batches, missing, "
        "code_version, is_encrypted) values (now() - interval '1 day', 'f', repeat('a', 64), '{}', "
        "1, 1, 0, 'c', true)",
    )
    drill = (
        "insert into audit.restore_drill (sha256, started_at, finished_at, batches, "
        "content_fingerprint, failure) values (repeat('a', 64), now(), now(), 1, 'f', %s)"
    )
    ask(healthy, drill, None)
    ask(healthy, drill, "it could not be read")
    assert values(healthy, "drill_proven") == {(): 0}
    assert set(values(healthy, "backup_made_timestamp_seconds")) == {()}
    assert (
        values(healthy, "drill_finished_timestamp_seconds")[()]
        >= values(healthy, "restore_proven_timestamp_seconds")[()]
    )
    assert values(healthy, "problems")["restore",] == 1
