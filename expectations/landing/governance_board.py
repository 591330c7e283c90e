"""The Board's log: its questions and its actions."""

from expectations.shared.code_lists import POINTS, sql_list
from expectations.shared.current_records import nearly_all_records
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import INFO, Expectation, Expectations


def _about_a_point() -> Expectation:
    return nearly_all_records(
        "board_point_known",
        f"point_code in ({sql_list(POINTS)})",
        where="point_code is not null",
        description="Every point in the log is an assurance point.",
        columns=("point_code",),
        tolerance=0.2,
        severity=INFO,
    )


@landing_suite("governance/board", "board_question")
def board_question() -> Expectations:
    """Questions that the Board put to the force, with their answers."""
    return [
        _about_a_point(),
        nearly_all_records(
            "answered_after_it_was_raised",
            "answered_on >= raised_on",
            where="answered_on is not null",
            description="Every question was answered after it was put.",
            columns=("raised_on", "answered_on"),
        ),
        nearly_all_records(
            "answered_has_a_day_and_words",
            "(status = 'ANSWERED') = (answered_on is not null and answer is not null)",
            where="status <> 'NOTED'",
            description="An answered question has a day and an answer, an open one not both.",
            columns=("status", "answered_on"),
        ),
    ]


@landing_suite("governance/board", "board_action")
def board_action() -> Expectations:
    """Actions that the Board agreed, with their dates and closures."""
    return [
        _about_a_point(),
        nearly_all_records(
            "action_has_an_owner",
            "owner_role is not null",
            description="Every action names the role that answers for it.",
            columns=("owner_role",),
        ),
        nearly_all_records(
            "action_has_a_date",
            "due_on is not null",
            where="status = 'OPEN'",
            description="Every open action has a date.",
            columns=("due_on",),
        ),
        nearly_all_records(
            "due_after_it_was_agreed",
            "due_on >= agreed_on and coalesce(revised_due_on, due_on) >= agreed_on",
            where="due_on is not null",
            description="Every action is due after it was agreed.",
            columns=("agreed_on", "due_on", "revised_due_on"),
        ),
        nearly_all_records(
            "closed_has_a_day",
            "(status = 'CLOSED') = (closed_on is not null)",
            description="Every closed action has a day of closure, and no other has one.",
            columns=("status", "closed_on"),
        ),
        nearly_all_records(
            "closed_on_evidence",
            "evidence_ref is not null",
            where="status = 'CLOSED'",
            description="Every closed action names its evidence.",
            columns=("evidence_ref",),
        ),
    ]
