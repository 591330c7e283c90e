"""The pages of the pack show every question, and say in plain words what is known of a restore."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from oic_assurance.reporting.pack.content import answers, other_recommendations, restore

PROVEN: dict[str, Any] = {
    "last_proven_at": datetime(2026, 4, 19, 2, 1, tzinfo=UTC),
    "due_by": datetime(2026, 4, 27, 2, 1, tzinfo=UTC),
    "seconds": 64,
    "backup_made_at": datetime(2026, 4, 19, 1, 0, tzinfo=UTC),
    "batches_compared": 14,
    "computed_publication_id": 12,
}
NEVER = dict.fromkeys(PROVEN)
PROOF = (
    "A drill last proved it on Sun 19 Apr 2026 03:01, in 64 seconds and with the back-up of "
    "Sun 19 Apr 2026 02:00: 14 restored batches agreed with the archive, and publication 12 was "
    "computed again with the same fingerprint."
)
FAILED_AT = datetime(2026, 4, 26, 2, 0, tzinfo=UTC)


def mart(verdict: str, known: dict[str, Any], **more: Any) -> dict[str, list[dict[str, Any]]]:
    row = {"verdict": verdict, "verdict_label": "A label", "failed_step_label": None}
    return {"restore_proof": [{**row, "last_drill_at": FAILED_AT, **known, **more}]}


LOST = "The back-up could not be restored whole"


@pytest.mark.parametrize(
    ("facts", "shape", "words"),
    [
        (mart("proven", PROVEN), "tick", PROOF),
        # An old proof does not look good.
        (
            mart("stale", PROVEN), "question",
            f"So it is not known whether a back-up could be restored now. {PROOF} "
            "The next drill was due by Mon 27 Apr 2026 03:01.",
        ),
        (
            mart("failed", PROVEN, failed_step_label=LOST), "alert",
            f"{LOST} in the drill that ended on Sun 26 Apr 2026 03:00. {PROOF}",
        ),
        (
            mart("failed", NEVER, failed_step_label=LOST), "alert",
            f"{LOST} in the drill that ended on Sun 26 Apr 2026 03:00. "
            "No drill has ever proven a restore.",
        ),
        (
            mart("unknown", NEVER, last_drill_at=None), "question",
            "No drill has tried to restore a back-up, so it is not known whether one can be "
            "restored.",
        ),
    ],
)  # fmt: skip
def test_what_is_known_of_a_restore_is_said(
    facts: dict[str, list[dict[str, Any]]], shape: str, words: str
) -> None:
    shown = restore(facts)
    assert (shown.shape, shown.strong, shown.words) == (shape, "A label.", words)


def question(ref: str, raised_on: date, **more: Any) -> dict[str, Any]:
    row = {
        "question_ref": ref, "raised_on": raised_on, "question": f"Question {ref}?",
        "answer": None, "days_open": 9,
    }  # fmt: skip
    return row | more


def test_every_question_without_an_answer_is_shown_and_old_answers_are_counted() -> None:
    waiting = [question(f"Q{place}", date(2026, 3, place)) for place in range(1, 8)]
    given = [
        question(f"A{place}", date(2026, 2, 8 - place), answer="Noted.", days_open=None)
        for place in range(1, 8)
    ]
    table = answers([*waiting, *given], {"missing": []})
    assert [row[1] for row in table.rows] == [
        *(f"Question Q{place}?" for place in range(1, 8)),
        *(f"Question A{place}?" for place in range(1, 6)),
    ]
    assert table.note == "2 older questions with an answer left out."


def test_an_answer_stands_beside_its_question() -> None:
    rows = [
        question("Q2", date(2026, 5, 1), days_open=1),
        question("Q1", date(2026, 3, 1), answer="Noted.", days_open=None),
    ]
    assert answers(rows, {"missing": []}).rows == [
        ("1 May 2026", "Question Q2?", "No answer yet, 1 day after it was put."),
        ("1 Mar 2026", "Question Q1?", "Noted."),
    ]
    assert answers(rows, {"missing": []}).note == ""


def test_recommendations_that_say_the_same_are_one_row_with_their_number() -> None:
    register = {"point_code": None, "title": "Tracked", "comment_status": "RUNNING",
                "comment_due_on": date(2026, 5, 1), "commented_on": None}  # fmt: skip
    codes = {"A": {}, "B": {}, "C": {"title": "Of its own"}, "D": {"point_code": "HYDRA"}}
    facts: dict[str, Any] = {
        "recommendation": [
            {"recommendation_code": code, **register, **own} for code, own in codes.items()
        ],
        "sign_off": [],
    }
    assert [row[:2] for row in other_recommendations(facts).rows] == [
        ("Tracked", "2"),
        ("Of its own", "1"),
    ]
