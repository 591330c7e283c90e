"""The Board's log of the synthetic force: its content, and the days on which it changes."""

import itertools
from datetime import date, timedelta

from simulator.chance import Chance
from simulator.delivery.dropzone import planned
from simulator.governance.board_log import BoardLog
from simulator.period import Period
from simulator.world import World

LAST = date(2026, 11, 24)


def test_it_has_every_kind_of_question_and_action(world: World) -> None:
    questions, lines = world.board.questions_on(LAST), world.board.actions_on(LAST)
    assert {bool(one.answered) for one in questions} == {True, False}
    assert {line.status for line in lines} == {"OPEN", "CLOSED", "SUPERSEDED"}
    overdue = [
        line
        for line in lines
        if line.status == "OPEN" and (line.revised_due or line.action.due) < LAST
    ]
    assert overdue
    assert max(len(line.action.moves) for line in lines) >= 3
    assert all(line.evidence_ref for line in lines if line.status == "CLOSED")
    assert len({line.action.action_ref for line in lines}) == len(lines)
    asked = {one.question_ref for one in questions}
    assert {line.action.question_ref for line in lines} - {""} <= asked


def test_a_day_of_the_log_does_not_depend_on_later_days() -> None:
    """The log of a day is the same, whether the simulation ends on that day or continues."""
    one, other = BoardLog(Chance(3)), BoardLog(Chance(3))
    for day in (date(2025, 9, 1), date(2026, 3, 2), LAST):
        assert one.actions_on(day) == other.actions_on(day)
        assert one.questions_on(day) == other.questions_on(day)
    assert BoardLog(Chance(4)).actions_on(LAST) != one.actions_on(LAST)


def test_it_is_dropped_after_each_change_and_monthly(world: World, period: Period) -> None:
    dropped = [drop for drop in planned(world, period) if drop.dataset == "governance/board"]
    moments = [drop.dropped_at for drop in dropped]
    assert dropped[0].dropped_at.date() >= date(2025, 7, 9)
    assert max(b - a for a, b in itertools.pairwise(moments)) <= timedelta(days=34)
    assert {drop.name for drop in dropped} == {"board_log.xlsx"}
