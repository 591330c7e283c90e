"""A notification lists the problems that have begun, changed their cause or ended."""

from dataclasses import replace

from oic_assurance.notifications.notification import (
    Change,
    Event,
    SentNotification,
    changes,
)
from oic_assurance.state.read import Problem
from tests.unit.notifications.problems import BLOCKED, STALE


def sent(problem: Problem, event: Event = "new") -> SentNotification:
    return SentNotification(
        problem.problem_code, problem.subject, event, problem.what, problem.cause, problem.since
    )


def events(news: list[Change]) -> list[tuple[str, str]]:
    return [(change.event, change.subject) for change in news]


def test_a_problem_without_a_notification_is_new() -> None:
    assert events(changes([BLOCKED, STALE], [])) == [("new", "daily run"), ("new", "hr/personnel")]


def test_nothing_is_notified_twice() -> None:
    assert changes([BLOCKED], [sent(BLOCKED)]) == []
    assert changes([BLOCKED], [sent(BLOCKED, "changed")]) == []


def test_a_count_that_grows_is_no_change() -> None:
    more = replace(BLOCKED, what=BLOCKED.what.replace("3 rows", "17 rows"))
    assert changes([more], [sent(BLOCKED)]) == []


def test_another_cause_is_a_change() -> None:
    other = replace(BLOCKED, what="the run failed: the disk is full")
    assert events(changes([other], [sent(BLOCKED)])) == [("changed", "daily run")]


def test_a_problem_that_is_gone_is_over_once() -> None:
    assert events(changes([], [sent(BLOCKED)])) == [("over", "daily run")]
    assert changes([], [sent(BLOCKED, "over")]) == []


def test_a_problem_that_comes_back_is_new_again() -> None:
    assert events(changes([BLOCKED], [sent(BLOCKED, "over")])) == [("new", "daily run")]
