"""A stage is recorded however it ends, and no failure to record it reaches the stage."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from oic_assurance.builds.listeners import Stage, tell, told
from oic_assurance.builds.runs import Run
from oic_assurance.errors import AssuranceError, GateBlocked
from oic_assurance.reporting.openlineage import stages
from oic_assurance.reporting.openlineage.events import Tables
from oic_assurance.settings import Settings, load_settings
from tests.lineage_events import Event, ends, faults, latest_events, message

AS_AT = datetime(2026, 4, 21, 4, 30, tzinfo=UTC)
RUN = Run("manual__1", AS_AT, AS_AT, AS_AT, "published", None, 7)
AUDIT = Stage("audit_marts", build_id=7)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(stages, "_audited", lambda *_: Tables())
    return replace(load_settings(), home=tmp_path)


def outcome(settings: Settings, error: BaseException | None, run: Run = RUN) -> dict[str, Event]:
    """Return the last event of each job of a run in which a stage raised an error."""
    tell("run began", settings, run.run_id, AS_AT)
    expected = pytest.raises(type(error)) if error is not None else nullcontext()
    with expected, told(settings, run.run_id, AUDIT):
        if error is not None:
            raise error
    tell("run ended", settings, run)
    events = latest_events(settings.home)
    assert [fault for event in events for fault in faults(event)] == []
    starts = [event["run"]["runId"] for event in events if event["eventType"] == "START"]
    ended = [event["run"]["runId"] for event in events if event["eventType"] != "START"]
    assert sorted(starts) == sorted(ended)
    return ends(events)


def test_a_stage_that_succeeds_is_complete(settings: Settings) -> None:
    found = outcome(settings, None)
    assert {name: event["eventType"] for name, event in found.items()} == {
        "assurance_daily.audit_marts": "COMPLETE",
        "assurance_daily": "COMPLETE",
    }


def test_a_stage_that_is_blocked_fails_with_the_reason(settings: Settings) -> None:
    error = GateBlocked("candidate.dim_officer: No column is for a person's name (3 rows)")
    found = outcome(settings, error, replace(RUN, outcome="blocked", message="by Ann Smith"))
    assert message(found["assurance_daily.audit_marts"]) == error.message
    assert found["assurance_daily"]["eventType"] == "FAIL"
    assert message(found["assurance_daily"]) == "Nothing was published. Failed: audit_marts."


def test_a_rejected_build_names_nobody(settings: Settings) -> None:
    found = outcome(settings, None, replace(RUN, outcome="blocked", message="by Ann Smith"))
    assert message(found["assurance_daily"]) == (
        "Nothing was published: nobody approved the warnings."
    )


@pytest.mark.parametrize(
    ("said", "recorded_as"),
    [
        ('invalid syntax for type date: "born 1.2.1980"', "invalid syntax for type date: …"),
        ("Key (employee_no)=(E12345) exists", "Key (employee_no)… exists"),
        ("the code 'Ann Smith' is unknown", "the code … is unknown"),
        ("sftp://ann:secret@host/drop is away", "sftp://host/drop is away"),
        ("x" * 999, "x" * 300),
    ],
)  # fmt: skip
def test_a_message_holds_no_value_and_no_password(
    settings: Settings, said: str, recorded_as: str
) -> None:
    found = outcome(settings, AssuranceError(said), replace(RUN, outcome="failed"))
    assert message(found["assurance_daily.audit_marts"]) == recorded_as


def test_an_unexpected_error_is_recorded_by_its_name_alone(settings: Settings) -> None:
    found = outcome(settings, ValueError("Ann Smith"), replace(RUN, outcome="failed"))
    assert message(found["assurance_daily.audit_marts"]) == "ValueError (see the task's log)"


def test_ctrl_c_aborts_a_stage(settings: Settings) -> None:
    found = outcome(settings, KeyboardInterrupt(), replace(RUN, outcome="failed"))
    assert found["assurance_daily.audit_marts"]["eventType"] == "ABORT"


def test_a_run_that_was_killed_is_aborted_when_the_next_one_begins(settings: Settings) -> None:
    tell("run began", settings, "killed", AS_AT)
    tell("stage began", settings, "killed", AUDIT)
    tell("run began", settings, "next", AS_AT)
    events = latest_events(settings.home)
    assert {name: event["eventType"] for name, event in ends(events).items()} == {
        "assurance_daily.audit_marts": "ABORT",
        "assurance_daily": "ABORT",
    }
    assert [fault for event in events for fault in faults(event)] == []


def test_a_repeated_stage_is_another_run_of_the_same_job(settings: Settings) -> None:
    tell("run began", settings, RUN.run_id, AS_AT)
    for _ in range(2):
        with told(settings, RUN.run_id, AUDIT):
            pass
    tell("run ended", settings, RUN)
    runs = {
        event["run"]["runId"]
        for event in latest_events(settings.home)
        if event["job"]["name"].endswith("audit_marts")
    }
    assert len(runs) == 2


def test_if_the_tables_cannot_be_read_the_stage_is_still_complete(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> Tables:
        raise ValueError("Ann Smith")

    monkeypatch.setattr(stages, "_audited", fails)
    found = outcome(settings, None)
    assert found["assurance_daily.audit_marts"]["eventType"] == "COMPLETE"
    assert "the tables of audit_marts are unknown: ValueError" in caplog.text
    assert "Ann Smith" not in caplog.text


def test_a_publication_that_is_shown_where_dbt_never_ran_is_recorded_without_its_tables(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    tell("publication is shown", settings, 3)
    assert [event["eventType"] for event in latest_events(settings.home)] == ["START", "COMPLETE"]
    assert "failed" not in caplog.text


def test_a_folder_that_cannot_be_written_does_not_stop_a_run(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (settings.home / "log").write_text("a file where a folder must be", encoding="utf-8")
    tell("run began", settings, RUN.run_id, AS_AT)
    done = False
    with told(settings, RUN.run_id, AUDIT):
        done = True
    tell("run ended", settings, RUN)
    assert done
    assert "A listener has failed: " in caplog.text


def test_a_deployment_can_do_without_events(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    tell("run began", settings, RUN.run_id, AS_AT)
    with told(settings, RUN.run_id, AUDIT):
        pass
    tell("run ended", settings, RUN)
    assert not (settings.home / "log").exists()
