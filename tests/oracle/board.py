"""Make the Board's log, and compute the rows of its two marts."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .clock import day_of, midnight
from .known import Known, full_as_at
from .model import Delivery, Row
from .policy import deadlines
from .span import END, random_style

BOARD = "governance/board"
CONTRADICTED = ("not_started", "slipping", "overdue")


@dataclass
class BoardAction:
    """One row of `board_action`. It has only the columns that the contract determines."""

    action_ref: str
    point_code: str | None
    owner_role: str | None
    agreed_on: date
    due_on: date | None
    times_moved: int
    closed_on: date | None
    status: str
    days_overdue: int | None
    evidence_ref: str | None
    closed_but: str | None


# ------------------------------------------------------------------ the log of a made-up world


def make_log(rng: random.Random, moment: datetime, earlier: Delivery | None) -> Delivery:
    """Make a log that was modified at `moment`.

    If an `earlier` log is given, the new log is changed from it: some dates are moved, some actions
    are closed or reopened, one action is left out and one is added.
    """
    if earlier is None:
        questions = [_question(rng, number) for number in range(1, 7)]
        actions = [_action(rng, number) for number in range(1, 31)]
    else:
        questions = [dict(row) for row in earlier.sheets["Questions"]]
        actions = [_changed(rng, row) for row in earlier.sheets["Actions"][1:]]
        actions.append(_action(rng, 99))
    sheets = {"Questions": questions, "Actions": actions}
    return Delivery(BOARD, "board_log.xlsx", sheets, moment, moment, random_style(rng))


def _question(rng: random.Random, number: int) -> Row:
    raised = END - timedelta(days=rng.choice((400, 200, 60, 0, -10)))
    answered = raised + timedelta(days=rng.choice((0, 42, 300)))
    is_answered = rng.random() < 0.6
    return {
        "question_ref": f"Q-{number:03d}",
        "raised_on": raised,
        "point_code": rng.choice(("NCCU_INTEL", "HYDRA", None)),
        "question": "What has been done?",
        "asked_of": "Chief Constable",
        "answered_on": answered if is_answered else None,
        "status": "ANSWERED" if is_answered else rng.choice(("OPEN", "NOTED")),
        "answer": "The figures were shown." if is_answered else None,
    }


def _action(rng: random.Random, number: int) -> Row:
    agreed = END - timedelta(days=rng.choice((500, 300, 200, 100, 30, 1, 0, -1)))
    due = agreed + timedelta(days=rng.choice((0, 30, 100, 250)))
    revised = due + timedelta(days=rng.choice((1, 60, -10))) if rng.random() < 0.5 else None
    status = rng.choice(("OPEN", "OPEN", "CLOSED", "CLOSED", "SUPERSEDED"))
    closed = agreed + timedelta(days=rng.choice((0, 20, 150, 400)))
    return {
        "action_ref": f"A-{number:03d}",
        "question_ref": rng.choice((None, "Q-001", "Q-002")),
        "point_code": rng.choice(("NCCU_INTEL", "INTEL_PLAN", "HYDRA", "ELEARNING", "R-7", None)),
        "action": "Book the remaining places.",
        "owner_role": rng.choice(("Head of Intelligence", None)),
        "agreed_on": agreed,
        "due_on": rng.choice((due, due, due, None)),
        "revised_due_on": revised,
        "closed_on": closed if status == "CLOSED" and rng.random() < 0.9 else None,
        "status": status,
        "evidence_ref": rng.choice((f"EV-{number}", None)),
    }


def _changed(rng: random.Random, row: Row) -> Row:
    draw = rng.random()
    if draw < 0.3:
        return {**row, "revised_due_on": END + timedelta(days=rng.choice((-1, 0, 1, 50)))}
    if draw < 0.4:
        return {**row, "due_on": END - timedelta(days=3), "revised_due_on": None}
    if draw < 0.6:
        return {**row, "status": "CLOSED", "closed_on": max(END, row["agreed_on"])}
    if draw < 0.7:
        return {**row, "status": "OPEN", "closed_on": None}
    return dict(row)


# ------------------------------------------------------------------ what the marts must show


def board_actions(
    known: Known, as_at: datetime, statuses: dict[str, str]
) -> dict[str, BoardAction]:
    """Return the rows of `board_action` by reference.

    `statuses` has the status of each point today: `unknown` if a dataset of the point is not fresh.
    """
    log, today = full_as_at(known, BOARD, as_at), day_of(as_at)
    found = {}
    for row in log.sheets["Actions"] if log else []:
        if row["agreed_on"] > today:
            continue  # "what its own dates place after `as_at` has not happened"
        closed = row["closed_on"]
        is_later = closed is not None and closed > today
        due = row["revised_due_on"] or row["due_on"]
        status = "OPEN" if is_later and row["status"] == "CLOSED" else row["status"]
        if status == "OPEN" and due is not None and due < today:
            status = "OVERDUE"
        found[row["action_ref"]] = BoardAction(
            action_ref=row["action_ref"],
            point_code=row["point_code"],
            owner_role=row["owner_role"],
            agreed_on=row["agreed_on"],
            due_on=due,
            times_moved=_times_moved(known, as_at, row["action_ref"]),
            closed_on=None if is_later else closed,
            status=status,
            days_overdue=(today - due).days if status == "OVERDUE" and due else None,
            evidence_ref=row["evidence_ref"],
            closed_but=(
                _contradiction(statuses, row["point_code"], today) if status == "CLOSED" else None
            ),
        )
    return found


def board_questions(known: Known, as_at: datetime) -> dict[str, Row]:
    """Return the rows of `board_log_question` by reference, without their texts."""
    log, today = full_as_at(known, BOARD, as_at), day_of(as_at)
    found = {}
    for row in log.sheets["Questions"] if log else []:
        if row["raised_on"] > today:
            continue
        is_later = row["answered_on"] is not None and row["answered_on"] > today
        found[row["question_ref"]] = {
            "raised_on": row["raised_on"],
            "answered_on": None if is_later else row["answered_on"],
            "status": "OPEN" if is_later and row["status"] == "ANSWERED" else row["status"],
            "answer": None if is_later else row["answer"],
        }
    return found


def board_exceptions(
    actions: dict[str, BoardAction], today: date
) -> list[tuple[str, str, str, datetime]]:
    """Return the exceptions about actions on one of the points."""
    found = []
    for ref, action in actions.items():
        if action.point_code not in deadlines(today):
            continue
        if action.status == "OVERDUE":
            assert action.due_on is not None
            opened = midnight(action.due_on + timedelta(days=1))
            found.append(("BOARD_ACTION_OVERDUE", ref, "ALL", opened))
        if action.closed_but is not None:
            opened = midnight(action.closed_on or action.agreed_on)
            found.append(("BOARD_ACTION_CLOSED_NOT_MET", ref, "ALL", opened))
    return found


def _times_moved(known: Known, as_at: datetime, ref: str) -> int:
    """Count the changes of the agreed date over the logs up to `as_at`."""
    standing = full_as_at(known, BOARD, as_at)
    dates: list[date | None] = []
    for log in known.deliveries.get(BOARD, []):
        if log.version_time > as_at and log is not standing:
            continue
        for row in log.sheets["Actions"]:
            if row["action_ref"] == ref:
                if not dates:
                    dates.append(row["due_on"])
                dates.append(row["revised_due_on"] or row["due_on"])
    given = [day for day in dates if day is not None]
    return sum(before != after for before, after in itertools.pairwise(given))


def _contradiction(statuses: dict[str, str], point: str | None, today: date) -> str | None:
    """Return why the figures contradict a closure, or None."""
    status = statuses.get(point or "")
    if status is None or point is None:
        return None
    is_every_time = status == "in_progress" and deadlines(today)[point] is None
    return f"POINT_{status.upper()}" if status in CONTRADICTED or is_every_time else None
