"""What is news: what is new, what has another cause, what is over; and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime

from oic_assurance.notifications.alarm import Alarm, Change, Told, changes
from oic_assurance.notifications.words import body, payload, subject_line

SINCE = datetime(2026, 5, 3, 4, 41, tzinfo=UTC)
BLOCKED = Alarm(
    kind="publication",
    subject="daily run",
    what="the run was blocked: fct_nccu_referral: every referral has one class (3 rows)",
    since=SINCE,
    readers_see="publication 41, as at Sat 02 May 2026 05:30",
    who="data engineering",
    command=".venv/bin/assurance status",
)
STALE = replace(
    BLOCKED, kind="source", subject="hr/personnel", what="hr/personnel is stale", who="HR"
)


def told(alarm: Alarm, event: str = "new") -> Told:
    return Told(
        alarm.kind,
        alarm.subject,
        event,  # type: ignore[arg-type]
        alarm.what,
        alarm.cause,
        alarm.since,
    )


def events(news: list[Change]) -> list[tuple[str, str]]:
    return [(change.event, change.subject) for change in news]


def test_what_was_never_told_is_new() -> None:
    assert events(changes([BLOCKED, STALE], [])) == [("new", "daily run"), ("new", "hr/personnel")]


def test_nothing_is_said_twice() -> None:
    assert changes([BLOCKED], [told(BLOCKED)]) == []
    assert changes([BLOCKED], [told(BLOCKED, "changed")]) == []


def test_a_count_that_grows_is_no_news() -> None:
    more = replace(BLOCKED, what=BLOCKED.what.replace("3 rows", "17 rows"))
    assert changes([more], [told(BLOCKED)]) == []


def test_another_cause_is_news() -> None:
    other = replace(BLOCKED, what="the run failed: the disk is full")
    assert events(changes([other], [told(BLOCKED)])) == [("changed", "daily run")]


def test_what_is_gone_is_over_once() -> None:
    assert events(changes([], [told(BLOCKED)])) == [("over", "daily run")]
    assert changes([], [told(BLOCKED, "over")]) == []


def test_what_comes_back_is_new_again() -> None:
    assert events(changes([BLOCKED], [told(BLOCKED, "over")])) == [("new", "daily run")]


def test_a_message_says_what_since_when_what_readers_see_who_and_where_to_start() -> None:
    text = body(changes([BLOCKED], []))
    assert text == (
        "No publication was made\n"
        "  What          the run was blocked: fct_nccu_referral: every referral has one class "
        "(3 rows)\n"
        "  Since         Sun 03 May 2026 05:41\n"
        "  Readers see   publication 41, as at Sat 02 May 2026 05:30\n"
        "  Who fixes it  data engineering\n"
        "  Start with    .venv/bin/assurance status\n"
    )


def test_what_is_wrong_comes_before_what_is_over() -> None:
    news = changes([STALE], [told(BLOCKED)])
    assert subject_line("E23000022", news[::-1]) == (
        "OIC assurance E23000022: A source is not fresh: hr/personnel, and 1 more"
    )
    first, second = body(news[::-1]).split("\n\n")
    assert first.startswith("A source is not fresh: hr/personnel\n")
    assert second.startswith("Over: No publication was made\n")
    assert "Start with" not in second


def test_the_same_in_json() -> None:
    message = payload("E23000022", changes([BLOCKED], [told(STALE)]))
    assert message["text"].startswith(message["subject"])
    assert [change["event"] for change in message["changes"]] == ["new", "over"]
    assert message["changes"][0]["who"] == "data engineering"
    assert message["changes"][1]["who"] is None
