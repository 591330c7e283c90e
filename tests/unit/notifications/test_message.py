"""A notification has the same content as plain text and as JSON."""

from oic_assurance.notifications.message import body, payload, subject_line
from oic_assurance.notifications.notification import changes
from tests.unit.notifications.problems import BLOCKED, FORCE, STALE
from tests.unit.notifications.test_notification import sent


def test_a_message_has_the_problem_its_start_the_publication_the_owner_and_a_command() -> None:
    text = body(changes([BLOCKED], []))
    assert text == (
        "No publication was made\n"
        "  What          the run was blocked: fct_nccu_referral: every referral has one class "
        "(3 rows)\n"
        "  Since         Sun 03 May 2026 05:41\n"
        "  Readers see   publication 41, as at Sat 02 May 2026 05:30\n"
        "  Who fixes it  data engineering\n"
        "  Start with    assurance status\n"
    )


def test_problems_come_before_those_that_are_over() -> None:
    news = changes([STALE], [sent(BLOCKED)])
    assert subject_line(FORCE, news[::-1]) == (
        "OIC assurance, Northamptonshire: A source is not fresh: hr/personnel, and 1 more"
    )
    first, second = body(news[::-1]).split("\n\n")
    assert first.startswith("A source is not fresh: hr/personnel\n")
    assert second.startswith("Over: No publication was made\n")
    assert "Start with" not in second


def test_the_json_has_the_same_content() -> None:
    message = payload(FORCE, changes([BLOCKED], [sent(STALE)]))
    assert message["text"].startswith(message["subject"])
    assert [change["event"] for change in message["changes"]] == ["new", "over"]
    assert message["changes"][0]["who"] == "data engineering"
    assert message["changes"][1]["who"] is None
