"""Worked examples of the Board's log."""

from __future__ import annotations

from datetime import date
from typing import Any

from .board import BOARD
from .clock import midnight
from .examples import at, step, undated
from .figures import Figures
from .model import Delivery, Row
from .test_measures import plan


def action(ref: str, **more: Any) -> Row:
    row = {
        "action_ref": ref,
        "point_code": "INTEL_PLAN",
        "owner_role": "Head",
        "agreed_on": date(2026, 1, 7),
        "due_on": date(2026, 2, 1),
        "revised_due_on": None,
        "closed_on": None,
        "status": "OPEN",
        "evidence_ref": None,
    }
    return {**row, **more}


def log(moment: str, *actions: Row, questions: tuple[Row, ...] = ()) -> Delivery:
    return undated(BOARD, moment, {"Questions": list(questions), "Actions": list(actions)})


def figures(*logs: Delivery, moment: str = "2026-03-10") -> Figures:
    return at(moment, step(*logs))


def test_without_a_log_there_are_no_rows_and_no_freshness() -> None:
    found = figures()
    assert found.board_actions == {}
    assert BOARD not in found.verdicts
    assert figures(log("2026-03-09T09:00", action("A"))).verdicts[BOARD] == "fresh"
    assert figures(log("2026-01-09T09:00", action("A"))).verdicts[BOARD] == "stale"


def test_moves_are_counted_from_the_logs_up_to_the_moment() -> None:
    logs = [
        log("2026-01-08T09:00", action("A")),
        log("2026-02-01T09:00", action("A", revised_due_on=date(2026, 3, 9))),
        log("2026-03-01T09:00", action("A", revised_due_on=date(2026, 3, 10))),
        log("2026-04-01T09:00", action("A", revised_due_on=date(2026, 5, 1))),
    ]
    row = figures(*logs).board_actions["A"]
    assert (row.times_moved, row.due_on, row.status) == (2, date(2026, 3, 10), "OPEN")
    row = figures(*logs, moment="2026-03-11").board_actions["A"]
    assert (row.times_moved, row.status) == (2, "OVERDUE")
    row = figures(*logs, moment="2026-01-07").board_actions["A"]
    assert (row.times_moved, row.due_on) == (0, date(2026, 2, 1))


def test_a_closure_against_the_figures_is_an_exception() -> None:
    closed = {"status": "CLOSED", "closed_on": date(2026, 3, 1)}
    late = plan("SHARE", "2026-01-01", "2027-01-01")
    later = {"status": "CLOSED", "closed_on": date(2026, 3, 11)}
    unknown = figures(log("2026-03-09T09:00", action("A", **closed)))
    assert unknown.board_actions["A"].closed_but is None
    found = figures(
        undated("governance/plans", "2026-03-09T08:00", {"Plans": [late]}),
        log(
            "2026-03-09T09:00",
            action("A", **closed),
            action("B", point_code="R-7", **closed),
            action("C", **later),
            action("D", agreed_on=date(2026, 3, 11)),
            action("E", status="SUPERSEDED"),
        ),
    )
    rows = found.board_actions
    assert rows["C"].days_overdue == 37
    assert {ref: (row.status, row.closed_but) for ref, row in rows.items()} == {
        "A": ("CLOSED", "POINT_OVERDUE"),  # no plan was approved by the deadline
        "B": ("CLOSED", None),
        "C": ("OVERDUE", None),
        "E": ("SUPERSEDED", None),
    }
    exceptions = {key for key in found.exceptions if key[0].startswith("BOARD")}
    assert exceptions == {
        ("BOARD_ACTION_CLOSED_NOT_MET", "A", "ALL", midnight(date(2026, 3, 1))),
        ("BOARD_ACTION_OVERDUE", "C", "ALL", midnight(date(2026, 2, 2))),
    }


def test_a_later_answer_is_not_there_yet() -> None:
    question = {
        "question_ref": "Q",
        "raised_on": date(2026, 2, 18),
        "answered_on": date(2026, 3, 11),
        "status": "ANSWERED",
        "answer": "Yes.",
    }
    row = figures(log("2026-03-09T09:00", questions=(question,))).board_questions["Q"]
    assert (row["status"], row["answered_on"], row["answer"]) == ("OPEN", None, None)
