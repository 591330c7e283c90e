"""If approval is required, a build with warnings is published only after a person approves it."""

import os
import pwd
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import Mock

import pytest

from oic_assurance import pipeline
from oic_assurance.builds import runs
from oic_assurance.builds.record import Build
from oic_assurance.cli.main import run_command
from oic_assurance.clock import parse_moment
from oic_assurance.errors import AssuranceError, GateBlocked, ServerError, UsageError
from oic_assurance.publishing.approval import decide, warnings_to_approve
from oic_assurance.publishing.publication import current_publication
from oic_assurance.publishing.publish import publish
from oic_assurance.settings import Settings
from oic_assurance.state.read import open_problems
from oic_assurance.warehouse.connections import connect
from tests.databases import Prepared, administrator
from tests.integration.asking import ask
from tests.integration.publishing.marts import (
    audit,
    audited_build,
    make_candidates,
    open_build,
    published,
)


@pytest.fixture
def easy(prepared: Prepared) -> Iterator[Settings]:
    """A deployment that does not require approval, with one publication."""
    with prepared.copy(published) as settings:
        yield settings


@pytest.fixture
def deployment(easy: Settings) -> Settings:
    """A deployment that requires approval, with one publication."""
    return replace(easy, approve_warnings=True)


def with_a_warning(settings: Settings) -> Build:
    """Return a build with a warning, which waits for a decision."""
    build = open_build(settings)
    make_candidates(settings, build)
    audit(settings, build, verdict="warning")
    with administrator(settings) as conn:
        conn.execute(
            "insert into audit.expectation_result "
            "(build_id, stage, suite, expectation, description, severity, success) "
            "values (%s, 'marts', 'hr', 'volume', 'As many as last week.', 'warning', false)",
            (build.build_id,),
        )
    return build


def enter_decision(settings: Settings, build: Build, *, is_approved: bool, **changes: Any) -> None:
    decision = {
        "who": "A. Lead",
        "login": "assurance",
        "reason": "known and harmless",
        "through": "airflow",
        **changes,
    }
    decide(settings, build.build_id, is_approved=is_approved, **decision)


def refusal_of(settings: Settings, build: Build) -> str:
    before = current_publication(settings)
    with pytest.raises(GateBlocked) as refused:
        publish(settings, build)
    assert current_publication(settings) == before
    return refused.value.message


def kinds_of_problem(settings: Settings, now: datetime | None = None) -> list[str]:
    now = now or parse_moment("2026-05-02T06:00")
    return [problem.problem_code for problem in open_problems(settings, now)]


def test_a_warning_is_not_published_until_somebody_has_approved_it(deployment: Settings) -> None:
    build = with_a_warning(deployment)
    assert warnings_to_approve(deployment, build.build_id) == ["hr: As many as last week."]
    assert f"`assurance publication approve {build.build_id} --reason …`" in refusal_of(
        deployment, build
    )
    enter_decision(deployment, build, is_approved=True)
    assert warnings_to_approve(deployment, build.build_id) == []
    assert publish(deployment, build).gate_verdict == "warning"
    with connect(deployment, role="oic_gate") as conn:
        logged = conn.execute(
            "select build_id, is_approved, who, login, reason, through from audit.approval"
        )
        assert logged.fetchall() == [
            (build.build_id, True, "A. Lead", "assurance", "known and harmless", "airflow")
        ]


def test_a_decision_is_asked_for_although_the_run_had_ended_before(
    deployment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person has cleared the failed task of a run and all tasks after it."""
    build = with_a_warning(deployment)
    runs.note_failure(deployment, build.run_id, "sealing the marts: no space", blocked=False)
    runs.close_run(deployment, build.run_id)
    assert kinds_of_problem(deployment) == ["publication"]
    monkeypatch.setattr("oic_assurance.builds.marts.seal_marts", lambda settings, build: None)
    pipeline.seal_marts(deployment, build.run_id, build.build_id)
    audit(deployment, build, verdict="warning")
    assert kinds_of_problem(deployment) == ["approval"]
    # If the build is published, a repetition of its stages publishes nothing else.
    enter_decision(deployment, build, is_approved=True)
    publish(deployment, build)
    runs.resume(deployment, build.run_id, build.build_id)
    again = runs.close_run(deployment, build.run_id)
    assert (again.outcome, again.publication_id) == ("published", build.build_id)


def test_a_failure_of_the_other_task_does_not_hide_why_a_check_has_blocked_the_run(
    deployment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database fails once while the marts are built, and a retry builds them."""
    build = with_a_warning(deployment)
    runs.note_failure(deployment, build.run_id, "auditing landing: no rows", blocked=True)
    tries = Mock(side_effect=[ServerError("the database failed"), None])
    monkeypatch.setattr("oic_assurance.builds.marts.build_marts", tries)
    for name in ("freeze_deadlines", "set_steps_aside"):
        monkeypatch.setattr(pipeline, name, Mock())
    with pytest.raises(ServerError):
        pipeline.build_marts(deployment, build.run_id, build.build_id)
    pipeline.build_marts(deployment, build.run_id, build.build_id)
    closed = runs.close_run(deployment, build.run_id)
    assert (closed.outcome, closed.message) == ("blocked", "auditing landing: no rows")


def test_a_decision_is_asked_for_although_a_check_had_blocked_the_run_before(
    deployment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person has cleared the check of the landing before the run had ended."""
    build = with_a_warning(deployment)
    runs.note_failure(deployment, build.run_id, "auditing landing: no rows", blocked=True)
    assert kinds_of_problem(deployment) == ["publication"]
    monkeypatch.setattr("oic_assurance.builds.marts.seal_marts", lambda settings, build: None)
    pipeline.seal_marts(deployment, build.run_id, build.build_id)
    audit(deployment, build, verdict="warning")
    assert kinds_of_problem(deployment) == ["approval"]


@pytest.mark.parametrize("is_required", [True, False])
def test_a_rejected_build_stays_unpublished_until_somebody_approves_it(
    deployment: Settings, is_required: bool
) -> None:
    settings = replace(deployment, approve_warnings=is_required)
    build = with_a_warning(settings)
    enter_decision(settings, build, is_approved=False, reason="half of HR is missing")
    assert "its warnings were rejected by A. Lead (half of HR is missing)" in refusal_of(
        settings, build
    )
    enter_decision(settings, build, is_approved=True, who="B. Head")
    assert publish(settings, build).is_current


@pytest.mark.parametrize("is_approved", [True, False])
def test_a_decision_counts_for_one_build_and_its_unchanged_tables(
    deployment: Settings, is_approved: bool
) -> None:
    enter_decision(deployment, with_a_warning(deployment), is_approved=is_approved)
    build = with_a_warning(deployment)
    assert "wait for somebody to decide" in refusal_of(deployment, build)
    enter_decision(deployment, build, is_approved=is_approved)
    make_candidates(deployment, build, salt="second")
    audit(deployment, build, verdict="warning")
    # The tables were replaced, so a new decision is needed. The publication, the Airflow task and
    # the list of problems must all report this.
    assert "wait for somebody to decide" in refusal_of(deployment, build)
    assert warnings_to_approve(deployment, build.build_id) == ["hr: As many as last week."]
    assert kinds_of_problem(deployment) == ["approval"]
    enter_decision(deployment, build, is_approved=True)
    assert kinds_of_problem(deployment) == []
    assert publish(deployment, build).is_current


def test_the_problem_names_what_holds_the_build_back(deployment: Settings) -> None:
    """A run that waits for approval is a problem of kind "approval", and is not overdue.

    If approval is not required, or if a required check has no result, the run is overdue instead.
    """
    build = with_a_warning(deployment)
    late = parse_moment("2026-05-03T06:00")
    assert kinds_of_problem(deployment, late) == ["approval"]
    assert kinds_of_problem(replace(deployment, approve_warnings=False), late) == ["overdue"]
    with administrator(deployment) as conn:
        conn.execute(
            "delete from audit.expectation_result where stage = 'marts' "
            "and expectation = 'unique' and build_id = %s",
            (build.build_id,),
        )
    assert kinds_of_problem(deployment, late) == ["overdue"]


def test_a_build_without_warnings_needs_no_approval(deployment: Settings) -> None:
    build = audited_build(deployment)
    assert warnings_to_approve(deployment, build.build_id) == []
    with pytest.raises(UsageError, match="has no warnings"):
        enter_decision(deployment, build, is_approved=True)
    assert publish(deployment, build).is_current


def test_an_approval_does_not_replace_a_gate(deployment: Settings) -> None:
    build = with_a_warning(deployment)
    enter_decision(deployment, build, is_approved=True)
    with administrator(deployment) as conn:
        conn.execute(
            "update audit.gate set verdict = 'critical' where stage = 'marts' and build_id = %s",
            (build.build_id,),
        )
    assert "the gate 'marts' is critical" in refusal_of(deployment, build)
    with pytest.raises(AssuranceError, match="nothing to decide"):
        enter_decision(deployment, build, is_approved=True)


def test_the_setting_at_the_opening_of_the_build_counts(deployment: Settings) -> None:
    """The build was opened with the setting that requires approval, and is published without."""
    later = replace(deployment, approve_warnings=False)
    build = with_a_warning(later)
    ask(later, "update audit.build set wants_approval = true where build_id = %s", build.build_id)
    assert "wait for somebody to decide" in refusal_of(later, build)
    (problem,) = open_problems(later, parse_moment("2026-05-02T06:00"))
    assert problem.problem_code == "approval"
    assert "because it has a warning" in problem.what
    enter_decision(later, build, is_approved=True)
    assert publish(later, build).is_current


def hold(settings: Settings, build: Build, *, success: bool = False) -> None:
    """Record a check that makes the build wait if it failed."""
    with administrator(settings) as conn:
        conn.execute(
            "insert into audit.expectation_result (build_id, stage, suite, expectation, "
            "description, severity, success, holds) values (%s, 'marts', 'position', 'not_moved', "
            "'No position leaves its interval because known records were changed.', 'warning', "
            "%s, true)",
            (build.build_id, success),
        )


def test_a_build_whose_past_has_changed_waits_whatever_the_setting(easy: Settings) -> None:
    build = with_a_warning(easy)
    hold(easy, build)
    refusal = refusal_of(easy, build)
    assert (
        "because the past has changed (No position leaves its interval because known records were "
        f"changed): `assurance publication approve {build.build_id} --reason …`" in refusal
    )
    # The refusal names only the check that makes the build wait. A person who decides is shown all
    # warnings.
    assert "As many as last week" not in refusal
    assert len(warnings_to_approve(easy, build.build_id)) == 2
    assert kinds_of_problem(easy, parse_moment("2026-05-03T06:00")) == ["approval"]
    enter_decision(easy, build, is_approved=False, reason="the export is wrong")
    assert "rejected by A. Lead (the export is wrong)" in refusal_of(easy, build)
    enter_decision(easy, build, is_approved=True)
    assert publish(easy, build).is_current


def test_a_check_that_passes_at_last_does_not_hold_a_build(easy: Settings) -> None:
    build = with_a_warning(easy)
    hold(easy, build)
    hold(easy, build, success=True)
    assert warnings_to_approve(easy, build.build_id) == []
    assert publish(easy, build).is_current


def test_a_decision_needs_a_name_and_a_reason(deployment: Settings) -> None:
    build = with_a_warning(deployment)
    for blank in ({"who": " "}, {"reason": ""}):
        with pytest.raises(UsageError, match="a name and a reason"):
            enter_decision(deployment, build, is_approved=True, **blank)
    assert warnings_to_approve(deployment, build.build_id) != []


def end_of_run(settings: Settings, build: Build) -> tuple[Any, ...]:
    with administrator(settings) as conn:
        row = conn.execute(
            "select outcome, message from audit.run as r join audit.build as b using (run_id) "
            "where b.build_id = %s",
            (build.build_id,),
        ).fetchone()
    assert row is not None
    return row


def test_decisions_on_the_command_line(
    deployment: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSURANCE_APPROVE_WARNINGS", "yes")
    # Anybody can set `LOGNAME`, so the account that runs the command must be recorded instead.
    monkeypatch.setenv("LOGNAME", "somebody.else")
    build = with_a_warning(deployment)
    given = [str(build.build_id), "--by", "A. Lead", "--reason"]
    assert run_command(["publication", "approve", *given, ""]) != 0
    assert run_command(["publication", "reject", *given, "half of HR is missing"]) == 0
    outcome, message = end_of_run(deployment, build)
    assert outcome == "blocked"
    assert "warnings of build 2 were rejected by A. Lead" in message
    assert run_command(["publication", "approve", *given, "it has come since"]) == 0
    assert end_of_run(deployment, build) == ("published", None)
    told = " ".join(capsys.readouterr().out.split())
    assert f"readers see publication {build.build_id} " in told
    assert run_command(["publication", "reject", *given, "too late"]) != 0
    logins = ask(deployment, "select distinct who, login from audit.approval")
    assert logins == [("A. Lead", pwd.getpwuid(os.getuid()).pw_name)]


def test_airflow_asks_for_a_name_and_records_the_login(
    deployment: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oic_assurance.platform.airflow.approval import APPROVE, WarningApproval

    monkeypatch.setenv("ASSURANCE_APPROVE_WARNINGS", "yes")
    build = with_a_warning(deployment)
    task = WarningApproval(task_id="approve_warning", build_id=build.build_id)

    def answer(name: str, reason: str) -> None:
        event = {
            "chosen_options": [APPROVE],
            "params_input": {"name": name, "reason": reason},
            "responded_at": parse_moment("2026-05-02T06:00"),
            "responded_by_user": {"id": "1", "name": "shared"},
        }
        task.execute_complete({}, event)

    for blank in (("", "harmless"), ("A. Lead", " ")):
        with pytest.raises(UsageError, match="lacks a name or a reason"):
            answer(*blank)
    assert warnings_to_approve(deployment, build.build_id) != []
    answer("A. Lead", "harmless")
    logged = ask(deployment, "select who, login, reason, through from audit.approval")
    assert logged == [("A. Lead", "shared", "harmless", "airflow")]
