"""The tables of actions and questions show what needs attention, and say what they leave out."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from oic_assurance.reporting.pack.content import answers
from oic_assurance.reporting.pack.first_page import actions
from oic_assurance.reporting.paper.document import Table

PUBLICATION = {"as_at": datetime(2026, 6, 21, 5, 30, tzinfo=UTC)}


def listed(rows: list[dict[str, Any]], most: int | None = None) -> Table:
    return actions(rows, {"publication": [PUBLICATION], "board_action": rows}, most)


def action(**more: Any) -> dict[str, Any]:
    row = {
        "action": "Find more places.", "point_code": "HYDRA", "owner_role": "Head of Learning",
        "due_on": date(2026, 12, 1), "first_due_on": date(2026, 12, 1), "times_moved": 0,
        "status": "OPEN", "status_label": "Open", "days_overdue": None, "closed_but": None,
        "closed_but_label": None,
    }  # fmt: skip
    return row | more


OVERDUE = {"status": "OVERDUE", "due_on": date(2026, 6, 1), "days_overdue": 20}


@pytest.mark.parametrize(
    ("more", "state"),
    [
        (OVERDUE, "overdue by 20 days"),
        ({"due_on": date(2026, 8, 2)}, "open"),
        ({"times_moved": 1}, "open, moved once, first due 1 Dec 2026"),
        ({**OVERDUE, "times_moved": 3}, "overdue by 20 days, moved 3 times, first due 1 Dec 2026"),
        (
            {
                "status": "CLOSED", "status_label": "Closed", "closed_but": "POINT_OVERDUE",
                "closed_but_label": "The point is not met and its deadline has passed",
            },
            "closed, although the point is not met and its deadline has passed",
        ),
    ],
)  # fmt: skip
def test_an_action_that_needs_attention_says_why(more: dict[str, Any], state: str) -> None:
    ((_, _, _, _, said),) = listed([action(**more)]).rows
    assert said == state


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"due_on": date(2026, 8, 3)},
        {"due_on": None},
        {"status": "CLOSED", "status_label": "Closed", "times_moved": 2},
        {"status": "SUPERSEDED", "status_label": "Replaced", "due_on": date(2026, 1, 1)},
    ],
)
def test_an_action_that_is_not_due_or_done_is_not_listed(more: dict[str, Any]) -> None:
    table = listed([action(**more)])
    assert table.rows == []
    assert table.empty == "No action of the Board is due, overdue or moved."


def test_the_most_overdue_action_comes_first_and_the_rest_is_counted() -> None:
    rows = [
        action(action="soon", due_on=date(2026, 6, 22)),
        action(action="late", **OVERDUE),
        action(action="later", status="OVERDUE", due_on=date(2026, 2, 1), days_overdue=140),
        action(action="not due"),
    ]
    assert [row[0] for row in listed(rows, 2).rows] == ["later", "late"]
    assert listed(rows, 2).note == "1 more action on the pages of the points."
    assert listed(rows, 5).note == ""


def test_without_a_log_the_table_says_so() -> None:
    assert listed([]).empty == "The force delivers no log of the Board."


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
    table = answers([*waiting, *given])
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
    assert answers(rows).rows == [
        ("1 May 2026", "Question Q2?", "No answer yet, 1 day after it was put."),
        ("1 Mar 2026", "Question Q1?", "Noted."),
    ]
    assert answers(rows).note == ""
