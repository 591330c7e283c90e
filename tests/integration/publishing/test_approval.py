"""Warnings that a deployment wants approved: nothing is published without a person's word."""

import os
import pwd
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest

from oic_assurance.builds.record import Build
from oic_assurance.cli.main import run_command
from oic_assurance.clock import parse_moment
from oic_assurance.errors import AssuranceError, GateBlocked, UsageError
from oic_assurance.notifications.problems import open_problems
from oic_assurance.publishing.approval import decide, warnings_to_approve
from oic_assurance.publishing.publication import current_publication
from oic_assurance.publishing.publish import publish
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from tests.integration.publishing.marts import (
    audit,
    audited_build,
    make_candidates,
    open_build,
    published,
)


@pytest.fixture
def asking(fresh_warehouse: Settings) -> Settings:
    """A deployment that asks, with a publication of its own."""
    published(fresh_warehouse)
    return replace(fresh_warehouse, approve_warnings=True)


def with_a_warning(settings: Settings) -> Build:
    """Return a build that waits for a decision."""
    build = open_build(settings)
    make_candidates(settings, build)
    audit(settings, build, verdict="warning")
    with connect(settings) as conn:
        conn.execute(
            "insert into audit.expectation_result "
            "(build_id, stage, suite, expectation, description, severity, success) "
            "values (%s, 'marts', 'hr', 'volume', 'As many as last week.', 'warning', false)",
            (build.build_id,),
        )
    return build


def say(settings: Settings, build: Build, *, is_approved: bool, **how: Any) -> None:
    said = {
        "who": "A. Lead",
        "login": "assurance",
        "reason": "known and harmless",
        "through": "airflow",
        **how,
    }
    decide(settings, build.build_id, is_approved=is_approved, **said)


def refusal(settings: Settings, build: Build) -> str:
    before = current_publication(settings)
    with pytest.raises(GateBlocked) as refused:
        publish(settings, build)
    assert current_publication(settings) == before
    return refused.value.message


def kinds_of_alarm(settings: Settings, now: datetime | None = None) -> list[str]:
    now = now or parse_moment("2026-05-02T06:00")
    return [problem.kind for problem in open_problems(settings, now, time(7, 30))]


def test_a_warning_is_not_published_until_somebody_has_approved_it(asking: Settings) -> None:
    build = with_a_warning(asking)
    assert warnings_to_approve(asking, build.build_id) == ["hr: As many as last week."]
    assert f"`assurance publication approve {build.build_id} --reason …`" in refusal(asking, build)
    say(asking, build, is_approved=True)
    assert warnings_to_approve(asking, build.build_id) == []
    assert publish(asking, build).gate_verdict == "warning"
    with connect(asking, role="oic_gate") as conn:
        kept = conn.execute(
            "select build_id, is_approved, who, login, reason, through from audit.approval"
        )
        assert kept.fetchall() == [
            (build.build_id, True, "A. Lead", "assurance", "known and harmless", "airflow")
        ]


def test_what_was_rejected_stays_unpublished_until_somebody_says_otherwise(
    asking: Settings,
) -> None:
    build = with_a_warning(asking)
    say(asking, build, is_approved=False, reason="half of HR is missing")
    assert "its warnings were rejected by A. Lead (half of HR is missing)" in refusal(asking, build)
    say(asking, build, is_approved=True, who="B. Head")
    assert publish(asking, build).is_current


def test_an_approval_is_of_the_tables_as_they_were(asking: Settings) -> None:
    build = with_a_warning(asking)
    say(asking, build, is_approved=True)
    make_candidates(asking, build, salt="anew")
    audit(asking, build, verdict="warning")
    # Task, publication and problem go by the same: what was approved is gone, so it is asked again.
    assert "wait for somebody to decide" in refusal(asking, build)
    assert warnings_to_approve(asking, build.build_id) == ["hr: As many as last week."]
    assert kinds_of_alarm(asking) == ["approval"]
    say(asking, build, is_approved=True)
    assert kinds_of_alarm(asking) == []
    assert publish(asking, build).is_current


def test_a_rejection_too_is_of_the_tables_as_they_were(asking: Settings) -> None:
    build = with_a_warning(asking)
    say(asking, build, is_approved=False)
    make_candidates(asking, build, salt="anew")
    audit(asking, build, verdict="warning")
    assert "wait for somebody to decide" in refusal(asking, build)


def test_a_rejection_counts_where_nobody_had_to_be_asked(fresh_warehouse: Settings) -> None:
    published(fresh_warehouse)
    build = with_a_warning(fresh_warehouse)
    say(fresh_warehouse, build, is_approved=False, reason="half of HR is missing")
    assert "rejected by A. Lead (half of HR is missing)" in refusal(fresh_warehouse, build)
    say(fresh_warehouse, build, is_approved=True)
    assert publish(fresh_warehouse, build).is_current


def test_the_alarm_goes_by_what_keeps_the_build(asking: Settings) -> None:
    """By the setting of now and every check of the gates; a run that waits is not late."""
    build = with_a_warning(asking)
    late = parse_moment("2026-05-03T06:00")
    assert kinds_of_alarm(asking, late) == ["approval"]
    assert kinds_of_alarm(replace(asking, approve_warnings=False), late) == ["overdue"]
    with connect(asking) as conn:
        conn.execute(
            "delete from audit.expectation_result where stage = 'marts' "
            "and expectation = 'unique' and build_id = %s",
            (build.build_id,),
        )
    assert kinds_of_alarm(asking, late) == ["overdue"]


def test_an_approval_is_of_one_build(asking: Settings) -> None:
    say(asking, with_a_warning(asking), is_approved=True)
    assert "wait for somebody to decide" in refusal(asking, with_a_warning(asking))


def test_what_carries_no_warning_is_published_unasked(asking: Settings) -> None:
    build = audited_build(asking)
    assert warnings_to_approve(asking, build.build_id) == []
    with pytest.raises(UsageError, match="carries no warning"):
        say(asking, build, is_approved=True)
    assert publish(asking, build).is_current


def test_an_approval_covers_for_no_gate(asking: Settings) -> None:
    build = with_a_warning(asking)
    say(asking, build, is_approved=True)
    with connect(asking) as conn:
        conn.execute(
            "update audit.gate set verdict = 'critical' where stage = 'marts' and build_id = %s",
            (build.build_id,),
        )
    assert "the gate 'marts' is critical" in refusal(asking, build)
    with pytest.raises(AssuranceError, match="nothing to decide"):
        say(asking, build, is_approved=True)


def test_a_deployment_that_asked_when_the_build_was_opened_has_asked(
    fresh_warehouse: Settings,
) -> None:
    """Whoever publishes by hand, with other settings, is asked all the same."""
    published(fresh_warehouse)
    build = with_a_warning(fresh_warehouse)
    with connect(fresh_warehouse) as conn:
        conn.execute(
            "update audit.build set wants_approval = true where build_id = %s", (build.build_id,)
        )
    assert "wait for somebody to decide" in refusal(fresh_warehouse, build)
    (problem,) = open_problems(fresh_warehouse, parse_moment("2026-05-02T06:00"), time(7, 30))
    assert problem.kind == "approval"
    assert "has 1 warnings" in problem.what
    say(fresh_warehouse, build, is_approved=True)
    assert publish(fresh_warehouse, build).is_current


def test_nobody_decides_without_a_name_and_a_reason(asking: Settings) -> None:
    build = with_a_warning(asking)
    for blank in ({"who": " "}, {"reason": ""}):
        with pytest.raises(UsageError, match="a name and a reason"):
            say(asking, build, is_approved=True, **blank)
    assert warnings_to_approve(asking, build.build_id) != []


def end_of_run(settings: Settings, build: Build) -> tuple[Any, ...]:
    with connect(settings) as conn:
        row = conn.execute(
            "select outcome, message from audit.run as r join audit.build as b using (run_id) "
            "where b.build_id = %s",
            (build.build_id,),
        ).fetchone()
    assert row is not None
    return row


def test_by_the_command_line(
    asking: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSURANCE_APPROVE_WARNINGS", "yes")
    # Not to be taken for whose login it is.
    monkeypatch.setenv("LOGNAME", "somebody.else")
    build = with_a_warning(asking)
    given = [str(build.build_id), "--by", "A. Lead", "--reason"]
    assert run_command(["publication", "approve", *given, ""]) != 0
    assert run_command(["publication", "reject", *given, "half of HR is missing"]) == 0
    outcome, message = end_of_run(asking, build)
    assert outcome == "blocked"
    assert "warnings of build 2 were rejected by A. Lead" in message
    assert run_command(["publication", "approve", *given, "it has come since"]) == 0
    assert end_of_run(asking, build) == ("published", None)
    assert f"Readers see publication {build.build_id}" in capsys.readouterr().out
    assert run_command(["publication", "reject", *given, "too late"]) != 0
    with connect(asking) as conn:
        logins = conn.execute("select distinct who, login from audit.approval").fetchall()
    assert logins == [("A. Lead", pwd.getpwuid(os.getuid()).pw_name)]


def test_airflow_asks_for_a_name_and_keeps_whose_login_gave_it(
    asking: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oic_assurance.platform.airflow.approval import APPROVE, WarningApproval

    monkeypatch.setenv("ASSURANCE_APPROVE_WARNINGS", "yes")
    build = with_a_warning(asking)
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
    assert warnings_to_approve(asking, build.build_id) != []
    answer("A. Lead", "harmless")
    with connect(asking) as conn:
        kept = conn.execute("select who, login, reason, through from audit.approval").fetchall()
    assert kept == [("A. Lead", "shared", "harmless", "airflow")]
