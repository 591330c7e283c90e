"""The three files of the governance team, dropped after each change and at least monthly."""

from collections.abc import Callable
from datetime import date

from simulator.chance import Chance
from simulator.delivery import text, workbook
from simulator.delivery.drops import Drop
from simulator.delivery.forms import BookForm, TextForm
from simulator.governance.board_log import BoardLog
from simulator.governance.plans import PlanRegister
from simulator.governance.recommendations import RecommendationLog
from simulator.moments import DAY, at, days, next_weekday
from simulator.period import Period

PLANS, PLANS_FILE = "governance/plans", "plan_register.xlsx"
LOG, LOG_FILE = "governance/recommendations", "recommendation_log.csv"
BOARD, BOARD_FILE = "governance/board", "board_log.xlsx"
PLAN_COLUMNS = (
    "plan_ref",
    "strand",
    "title",
    "owner_role",
    "version",
    "approved_date",
    "review_due_date",
    "evidence_ref",
)
MILESTONE_COLUMNS = ("plan_ref", "milestone", "due_date", "completed_date")
LOG_COLUMNS = ("event_at", "point_code", "party", "status", "comment")
QUESTION_COLUMNS = (
    "question_ref",
    "raised_on",
    "point_code",
    "question",
    "asked_of",
    "answered_on",
    "status",
    "answer",
)
ACTION_COLUMNS = (
    "action_ref",
    "question_ref",
    "point_code",
    "action",
    "owner_role",
    "agreed_on",
    "due_on",
    "revised_due_on",
    "closed_on",
    "status",
    "evidence_ref",
)
LOG_FORMS = {
    TextForm("byte-order mark", encoding="utf-8-sig", newline="\r\n"): 0.6,
    TextForm(
        "saved by Excel",
        encoding="cp1252",
        newline="\r\n",
        dates="%d/%m/%Y",
        moments="%d/%m/%Y %H:%M",
    ): 0.3,
    TextForm(): 0.1,
}


def drops(
    chance: Chance, plans: PlanRegister, log: RecommendationLog, board: BoardLog, period: Period
) -> list[Drop]:
    """Return the plan registers and the two kinds of logs that can be dropped in a period.

    The first period of a force also gets the files of the month before it.
    """
    found: list[Drop] = []
    first = period.first - 31 * DAY
    for day in days(first if period.is_first else period.start, period.end):
        monthly = day == next_weekday(day.replace(day=1))
        if monthly or plans.changes_on(day):
            found.append(_plans(chance, plans, day))
        if monthly or log.changes_on(day):
            found.append(_log(chance, log, day))
        if board.questions_on(day) and (monthly or board.changes_on(day)):
            found.append(_board(chance, board, day))
    return found


def _plans(chance: Chance, plans: PlanRegister, day: date) -> Drop:
    form = BookForm(title=chance.stream("form", PLANS, day.year, day.month).happens(0.3))

    def content() -> bytes:
        sheets = {
            "Plans": workbook.Sheet(
                PLAN_COLUMNS,
                [
                    (
                        plan.plan_ref,
                        plan.strand,
                        plan.title,
                        plan.owner_role,
                        plan.version,
                        plan.approved,
                        plan.review_due,
                        plan.evidence_ref,
                    )
                    for plan in plans.plans_on(day)
                ],
            ),
            "Milestones": workbook.Sheet(
                MILESTONE_COLUMNS,
                [
                    (
                        milestone.plan_ref,
                        milestone.name,
                        milestone.due,
                        milestone.completed if milestone.changed_on <= day else None,
                    )
                    for milestone in plans.milestones_on(day)
                ],
            ),
        }
        return workbook.render(form, sheets, "Plan register – organised immigration crime")

    return _drop(chance, PLANS, PLANS_FILE, day, form.name, content)


def _log(chance: Chance, log: RecommendationLog, day: date) -> Drop:
    form = chance.stream("form", LOG, day.year, day.month).weighted(LOG_FORMS)

    def content() -> bytes:
        rows = [
            (entry.at, entry.point, entry.party, entry.status, entry.comment)
            for entry in log.entries_on(day)
        ]
        return text.render(form, LOG_COLUMNS, rows, "Recommendation log")

    return _drop(chance, LOG, LOG_FILE, day, form.name, content)


def _board(chance: Chance, board: BoardLog, day: date) -> Drop:
    form = BookForm(title=chance.stream("form", BOARD, day.year, day.month).happens(0.3))

    def content() -> bytes:
        sheets = {
            "Questions": workbook.Sheet(
                QUESTION_COLUMNS,
                [
                    (
                        one.question_ref,
                        one.raised,
                        one.point,
                        one.question,
                        one.asked_of,
                        one.answered,
                        "ANSWERED" if one.answered else "NOTED" if one.answer else "OPEN",
                        one.answer,
                    )
                    for one in board.questions_on(day)
                ],
            ),
            "Actions": workbook.Sheet(
                ACTION_COLUMNS,
                [
                    (
                        line.action.action_ref,
                        line.action.question_ref,
                        line.action.point,
                        line.action.action,
                        line.action.owner_role,
                        line.action.agreed,
                        line.action.due,
                        line.revised_due,
                        line.closed,
                        line.status,
                        line.evidence_ref,
                    )
                    for line in board.actions_on(day)
                ],
            ),
        }
        return workbook.render(form, sheets, "Accountability Board – questions and actions")

    return _drop(chance, BOARD, BOARD_FILE, day, form.name, content)


def _drop(
    chance: Chance, dataset: str, name: str, day: date, form: str, content: Callable[[], bytes]
) -> Drop:
    rng = chance.stream("drop", dataset, day)
    return Drop(dataset, name, at(day, rng.uniform(16.2, 17.4)), form, None, content)
