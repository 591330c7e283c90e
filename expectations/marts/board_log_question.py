"""The questions of the Board's log."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_ACTIONS_DIFFER = """
with
    counted as (
        select force_code, question_ref, count(*) as actions
        from {candidate}.board_action
        where question_ref is not null
        group by force_code, question_ref
    )
select shown.question_ref
from {rows} as shown
left join counted using (force_code, question_ref)
where shown.actions <> coalesce(counted.actions, 0)
"""


@mart_suite(
    "board_log_question",
    one_row_per=("question_ref",),
    source_text_columns=("question_ref", "point_code", "asked_of"),
    sentence_columns=("question", "asked_of", "answer"),
)
def board_log_question() -> Expectations:
    """Every question that the Board put, with its answer and the number of its actions."""
    return [
        every_row(
            "raised_and_answered_by_today",
            f"raised_on <= {_TODAY} and coalesce(answered_on <= {_TODAY}, true)",
            description="No question is put or answered after the moment of the publication.",
            columns=("raised_on", "answered_on"),
        ),
        every_row(
            "days_open_are_counted",
            "days_open is not distinct from"
            f" case when status = 'OPEN' then {_TODAY} - raised_on end",
            description="Open questions, and no others, have the days since they were put.",
            columns=("status", "days_open"),
        ),
        no_rows(
            "actions_of_questions_add_up",
            _ACTIONS_DIFFER,
            description="Every question has the number of its actions.",
        ),
    ]
