"""The Board's log: the questions that the Board put, and the actions that were agreed.

The Board meets every six weeks. At each meeting it puts questions and agrees actions. The dates of
some actions move, a few of them several times. Some actions are replaced by others. Two of the
prepared actions (`_STORY`) were closed although the figures did not show that they were done.

The log names roles and no persons, because the warehouse rejects rows with texts that may name a
person.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from simulator.chance import Chance, Stream
from simulator.governance.recommendations import BOARD_EVERY, LAST_BOARD
from simulator.moments import DAY, next_weekday

# The meetings before Christmas 2025. From the seventh of January 2026 on, the Board meets every six
# weeks.
_FIRST_BOARDS = (date(2025, 7, 9), date(2025, 8, 20), date(2025, 10, 1), date(2025, 11, 12))
_REGULAR_SINCE = date(2026, 1, 7)
# After a meeting, the secretary updates the log within this many days. If the last of them is on a
# weekend, the secretary has time until Monday.
_DAYS_TO_WRITE = 3
_MOST_MOVES = 4

_ASKED = {
    "NCCU_INTEL": (
        "Why do some referrals have no document?",
        "Which teams have documents missing since the last meeting, and what has been done?",
        "How long does it take until a document is submitted?",
    ),
    "INTEL_PLAN": (
        "When will the plan to share information be approved?",
        "Which plans are past their review date?",
        "What do the plans change in the daily work of the teams?",
    ),
    "HYDRA": (
        "Are there enough places for everybody who needs the Hydra package?",
        "What is the date for the remaining places?",
        "Which teams have nobody trained yet?",
    ),
    "ELEARNING": (
        "Will the target be met by the deadline?",
        "Which of the four modules holds people up?",
        "How are joiners trained within their first months?",
    ),
}
_ANSWERS = (
    "Figures by team were shown. The two lowest teams have been asked for a plan.",
    "Progress is slower than agreed. New dates are proposed.",
    "The force explained the fall by absence in the summer and expects a recovery.",
    "The evidence was shown to the Board.",
    "Not known yet. The answer will be given at the next meeting.",
)
_ACTIONS = {
    "NCCU_INTEL": (
        ("Give each response team a weekly list of its missing documents.", "Head of Response"),
        ("Add a check of the grading to the form.", "Head of Intelligence"),
        ("Audit 20 referrals of the last quarter and report the result.", "Custody Inspector"),
    ),
    "INTEL_PLAN": (
        ("Set a date for the next review of each plan.", "Head of Intelligence"),
        ("Show the Board what the plan to collect has changed.", "Detective Superintendent, Crime"),
    ),
    "HYDRA": (
        ("Book the remaining places and give the dates.", "Head of Learning and Development"),
        ("Name the teams that have nobody trained.", "Head of Learning and Development"),
    ),
    "ELEARNING": (
        ("Give supervisors a list of the modules that are outstanding.", "Head of Response"),
        ("Report how many joiners completed all modules.", "Head of Learning and Development"),
    ),
}
_POINTS = tuple(_ASKED)


@dataclass(frozen=True)
class BoardQuestion:
    """A question of the Board, with its answer."""

    question_ref: str
    raised: date
    point: str
    question: str
    asked_of: str
    answered: date | None
    answer: str

    @property
    def is_noted(self) -> bool:
        """Whether the Board noted the matter and asks for no answer."""
        return self.answered is None and bool(self.answer)


@dataclass(frozen=True)
class BoardAction:
    """An action of the Board. Its date moves at meetings, until it is closed or replaced."""

    action_ref: str
    question_ref: str
    point: str
    action: str
    owner_role: str
    agreed: date
    due: date
    #: Each day on which the date moved, and the new date.
    moves: tuple[tuple[date, date], ...] = ()
    closed: date | None = None
    superseded: date | None = None
    evidence_ref: str = ""


@dataclass(frozen=True)
class ActionLine:
    """The line of an action in the log of one day."""

    action: BoardAction
    revised_due: date | None
    closed: date | None
    status: str
    evidence_ref: str


# The actions that the demonstration tells about. A-001 on NCCU_INTEL and A-003 on HYDRA were closed
# although the figures did not show that they were done.
_STORY = (
    BoardAction(
        "A-001", "Q-001", "NCCU_INTEL",
        "See to it that every referral is followed by its document.", "Head of Response",
        date(2025, 7, 9), date(2025, 10, 31),
        ((date(2025, 11, 12), date(2026, 1, 30)),), date(2026, 2, 18), None, "BRD/2026/014",
    ),
    BoardAction(
        "A-002", "Q-002", "INTEL_PLAN",
        "Approve the plan to share information.", "Head of Intelligence",
        date(2025, 8, 20), date(2025, 10, 31),
        (
            (date(2025, 10, 1), date(2025, 11, 28)),
            (date(2025, 11, 12), date(2025, 12, 19)),
            (date(2026, 1, 7), date(2026, 1, 30)),
        ),
        date(2026, 2, 18), None, "FEB/2026/009",
    ),
    BoardAction(
        "A-003", "Q-003", "HYDRA",
        "Complete the Hydra package for all relevant personnel.",
        "Head of Learning and Development",
        date(2025, 10, 1), date(2026, 4, 30), (), date(2026, 5, 1), None, "BRD/2026/031",
    ),
    BoardAction(
        "A-004", "", "HYDRA",
        "Find more places for the Hydra package.", "Head of Learning and Development",
        date(2026, 5, 13), date(2026, 7, 31),
        (
            (date(2026, 8, 5), date(2026, 9, 30)),
            (date(2026, 9, 16), date(2026, 10, 30)),
            (date(2026, 10, 28), date(2026, 11, 20)),
        ),
    ),
    BoardAction(
        "A-005", "", "ELEARNING",
        "Send a weekly reminder to everybody whose modules are outstanding.", "Head of Response",
        date(2025, 11, 12), date(2025, 12, 31), (), None, date(2026, 4, 1),
    ),
)  # fmt: skip
_FIRST_FREE = len(_STORY) + 1


class BoardLog:
    """The Board's log as it is on any day."""

    def __init__(self, chance: Chance) -> None:
        self._written: dict[date, date] = {}
        self._questions: list[BoardQuestion] = []
        self._actions: list[BoardAction] = list(_STORY)
        meetings = list(_meetings())
        for number, day in enumerate(meetings):
            rng = chance.stream("board log", day)
            self._meet(rng, number, meetings[number:])
        self._days = sorted({self._written_on(day) for day in self._dates()})

    def questions_on(self, day: date) -> list[BoardQuestion]:
        """Return the questions that the log lists on a day, with the answers it has by then."""
        found = []
        for one in self._questions:
            if self._written_on(one.raised) > day:
                continue
            is_answered = one.answered is not None and self._written_on(one.answered) <= day
            answer = one.answer if is_answered or one.is_noted else ""
            answered = one.answered if is_answered else None
            found.append(
                BoardQuestion(
                    one.question_ref, one.raised, one.point, one.question, one.asked_of,
                    answered, answer,
                )
            )  # fmt: skip
        return found

    def actions_on(self, day: date) -> list[ActionLine]:
        """Return the actions that the log lists on a day, as they are on that day."""
        return [
            self._line(action, day)
            for action in sorted(self._actions, key=lambda one: one.action_ref)
            if self._written_on(action.agreed) <= day
        ]

    def changes_on(self, day: date) -> bool:
        """Return whether the log differs from the day before."""
        return day in self._days

    def _line(self, action: BoardAction, day: date) -> ActionLine:
        moved = [new for since, new in action.moves if self._written_on(since) <= day]
        is_closed = action.closed is not None and self._written_on(action.closed) <= day
        is_superseded = action.superseded is not None and self._written_on(action.superseded) <= day
        return ActionLine(
            action,
            moved[-1] if moved else None,
            action.closed if is_closed else None,
            "CLOSED" if is_closed else "SUPERSEDED" if is_superseded else "OPEN",
            action.evidence_ref if is_closed else "",
        )

    def _meet(self, rng: Stream, number: int, meetings: list[date]) -> None:
        """Add the questions and actions of one meeting. `meetings` begins with this meeting."""
        day, later = meetings[0], meetings[1:]
        self._written[day] = next_weekday(day + rng.randint(1, _DAYS_TO_WRITE) * DAY)
        for turn in range(rng.randint(2, 3)):
            point = _POINTS[(number + turn) % len(_POINTS)]
            question = _question(rng, len(self._questions) + 1, point, meetings)
            self._questions.append(question)
            if rng.happens(0.6):
                place = _FIRST_FREE + len(self._actions) - len(_STORY)
                self._actions.append(_action(rng, place, question, later))

    def _written_on(self, day: date) -> date:
        """Return the day on which the secretary writes the events of `day` into the log."""
        return self._written.get(day, next_weekday(day + DAY))

    def _dates(self) -> Iterator[date]:
        for question in self._questions:
            yield question.raised
            if question.answered is not None:
                yield question.answered
        for action in self._actions:
            yield action.agreed
            yield from (since for since, _ in action.moves)
            yield from (day for day in (action.closed, action.superseded) if day is not None)


def _meetings() -> Iterator[date]:
    yield from _FIRST_BOARDS
    day = _REGULAR_SINCE
    while day <= LAST_BOARD:
        yield day
        day += BOARD_EVERY


def _question(rng: Stream, number: int, point: str, meetings: list[date]) -> BoardQuestion:
    """Return a question. It is answered at its own meeting, at a later meeting, or never."""
    wait = rng.weighted({0: 0.5, 1: 0.3, 2: 0.1, None: 0.1})
    answered = meetings[wait] if wait is not None and wait < len(meetings) else None
    is_noted = wait is None and rng.happens(0.5)
    answer = rng.one_of(_ANSWERS)
    if is_noted:
        answer = "Noted."
    return BoardQuestion(
        f"Q-{number:03d}",
        meetings[0],
        point,
        rng.one_of(_ASKED[point]),
        rng.one_of(("Chief Constable", "Assistant Chief Constable (Crime)")),
        answered,
        answer if answered or is_noted else "",
    )


def _action(rng: Stream, number: int, question: BoardQuestion, later: list[date]) -> BoardAction:
    """Return an action. `later` has the meetings after the one at which it was agreed."""
    words, role = rng.one_of(_ACTIONS[question.point])
    due = next_weekday(question.raised + timedelta(weeks=rng.randint(4, 12)))
    end = rng.weighted({"closed": 0.75, "superseded": 0.1, "open": 0.15})
    moves: list[tuple[date, date]] = []
    current = due
    for meeting in later:
        if meeting < current - timedelta(weeks=2):
            continue
        if not rng.happens(0.45) or len(moves) == _MOST_MOVES:
            break
        current = next_weekday(meeting + timedelta(weeks=rng.randint(5, 10)))
        moves.append((meeting, current))
    ended = next_weekday(current + rng.randint(-10, 25) * DAY)
    last = moves[-1][0] if moves else question.raised
    ended = max(ended, last + 2 * DAY)
    is_closed = end == "closed"
    return BoardAction(
        f"A-{number:03d}",
        question.question_ref,
        question.point,
        words,
        role,
        question.raised,
        due,
        tuple(moves),
        ended if is_closed else None,
        ended if end == "superseded" else None,
        f"BRD/{ended:%Y}/{number:03d}" if is_closed else "",
    )
