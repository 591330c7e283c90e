"""The Board's loop over a year: asked, answered, agreed, moved, late, closed, signed, reopened.

The marts are compared with the simulated log of the Board, which was made without them.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.chance import Chance
from simulator.governance.board_log import BoardLog
from tests.end_to_end.signing import Loop
from tests.end_to_end.terminal import new_terminal

pytestmark = pytest.mark.slow

SEED = 11
BEGIN = date(2025, 9, 1)
#: Six days after each meeting of the Board. The secretary has written the log by then.
DAYS = tuple(
    day + timedelta(days=6)
    for day in (
        date(2025, 10, 1), date(2025, 11, 12), date(2026, 1, 7), date(2026, 2, 18),
        date(2026, 4, 1), date(2026, 5, 13), date(2026, 6, 24), date(2026, 8, 5),
        date(2026, 9, 16),
    )
)  # fmt: skip
MET = {"met_on_time", "met_late", "sustained"}


class Year:
    """A year of the Board, and what happened in it so far."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.log = BoardLog(Chance(SEED))
        self.next_day = BEGIN
        self.seen: Counter[str] = Counter()
        #: For each action, the dates in their order by which it was to be done.
        self.dates: dict[str, list[date]] = {}

    def until(self, day: date) -> None:
        """Simulate the force until the day before `day`, and publish as at 05:30 of `day`."""
        yesterday = day - timedelta(days=1)
        self.loop.terminal.does(
            "simulate", "--seed", str(SEED), "--from", str(self.next_day), "--to", str(yesterday)
        )
        self.next_day = day
        self.loop.run(f"{day}T05:30")

    def read(self, table: str) -> list[dict[str, Any]]:
        return self.loop.terminal.rows(f"select * from marts.{table}")

    def check_questions(self, day: date) -> None:
        """Each question stands in the mart as in the log, with its age if it has no answer."""
        rows = {row["question_ref"]: row for row in self.read("board_log_question")}
        expected = {one.question_ref: one for one in self.log.questions_on(day - timedelta(days=1))}
        assert rows.keys() == expected.keys()
        for ref, one in expected.items():
            status = "ANSWERED" if one.answered else "NOTED" if one.is_noted else "OPEN"
            age = (day - one.raised).days if status == "OPEN" else None
            row = rows[ref]
            assert (row["raised_on"], row["answered_on"]) == (one.raised, one.answered), ref
            assert (row["status"], row["days_open"]) == (status, age), ref
            self.seen[f"question {status}"] += 1
            if one.answered and one.answered > one.raised:
                self.seen["question answered at a later meeting"] += 1

    def check_actions(self, day: date) -> None:
        """Each action stands in the mart as in the log, and lateness and moves are computed."""
        rows = {row["action_ref"]: row for row in self.read("board_action")}
        lines = {one.action.action_ref: one for one in self.log.actions_on(day - timedelta(days=1))}
        status_of = {row["point_code"]: row["status"] for row in self.read("assurance_position")}
        assert rows.keys() == lines.keys()
        for ref, line in lines.items():
            row = rows[ref]
            due = line.revised_due or line.action.due
            # The log has only the newest date, so a date counts if the log had it at a run.
            dates = self.dates.setdefault(ref, [line.action.due])
            dates += [due] if due != dates[-1] else []
            moves = len(dates) - 1
            status = "OVERDUE" if line.status == "OPEN" and due < day else line.status
            assert (row["status"], row["due_on"], row["times_moved"]) == (status, due, moves), ref
            assert row["first_due_on"] == line.action.due, ref
            assert row["closed_on"] == line.closed, ref
            point = status_of[line.action.point]
            if status != "CLOSED" or point in MET:
                assert row["closed_but"] is None, ref
            elif point in {"not_started", "slipping", "overdue"}:
                assert row["closed_but"] == f"POINT_{point.upper()}", ref
            elif point == "in_progress":
                # Only a point without a deadline should be met already.
                expected = "POINT_IN_PROGRESS" if line.action.point == "NCCU_INTEL" else None
                assert row["closed_but"] == expected, ref
            self.seen[f"action {status}"] += 1
            self.seen["action moved twice or more"] += moves > 1
            self.seen["action closed, and its point is not met"] += row["closed_but"] is not None

    def sign(self) -> None:
        """Close the plans' point as soon as its figure says that it is met."""
        (row,) = [
            one for one in self.read("assurance_position") if one["point_code"] == "INTEL_PLAN"
        ]
        if row["status"] in MET and self.loop.is_open():
            self.loop.close()
            self.seen["point closed"] += 1

    def check_closure(self, before: int) -> None:
        """The run has reopened what the oracle reopens, and nothing else."""
        expected = self.loop.by_the_oracle(before)
        entries = self.loop.ask(
            f"select point_code, cause from signoff.step where entry_id > {before} "
            "and step = 'REOPENED'"
        )
        assert {row["point_code"] for row in entries} == expected.keys()
        for row in entries:
            assert row["cause"] in expected[row["point_code"]]
            self.seen["point reopened by itself"] += 1


@pytest.fixture
def year(tmp_path: Path) -> Iterator[Year]:
    (tmp_path / "plans.pdf").write_bytes(b"the three plans")
    with new_terminal() as terminal:
        yield Year(Loop(terminal, tmp_path))


def test_the_board_is_followed_through_a_year(year: Year) -> None:
    for day in DAYS:
        before = year.loop.last_entry_id() if day > DAYS[0] else 0
        year.until(day)
        year.check_questions(day)
        year.check_actions(day)
        year.check_closure(before)
        year.sign()

    # After the year, a new register says that the plan to share information is not approved.
    before = year.loop.last_entry_id()
    day = DAYS[-1] + timedelta(days=2)
    year.loop.drop_plans(f"{day - timedelta(days=1)}T12:00", ["2025-11-01", "2025-11-01", None])
    year.until(day)
    year.check_closure(before)

    never = {
        "question OPEN", "question ANSWERED", "question answered at a later meeting",
        "action OPEN", "action OVERDUE", "action CLOSED", "action SUPERSEDED",
        "action moved twice or more", "action closed, and its point is not met",
        "point closed", "point reopened by itself",
    } - {name for name, count in year.seen.items() if count}  # fmt: skip
    assert never == set()
