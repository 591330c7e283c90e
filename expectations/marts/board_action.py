"""The actions of the Board's log."""

from expectations.shared.code_lists import POINTS, sql_list
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_NOT_THE_LOG = """
with
    in_raw as (
        select distinct force_code, action_ref
        from {raw_general}.board_action
        where batch_id <= {known_batch_id}
    )
select shown.action_ref
from {rows} as shown
left join in_raw
    on shown.force_code = in_raw.force_code and shown.action_ref = in_raw.action_ref
where in_raw.action_ref is null
"""

_EXCEPTIONS_DIFFER = """
with
    expected as (
        select force_code, action_ref, 'BOARD_ACTION_OVERDUE' as exception_code
        from {rows}
        where status = 'OVERDUE' and point_code in (<<points>>)
        union all
        select force_code, action_ref, 'BOARD_ACTION_CLOSED_NOT_MET'
        from {rows}
        where closed_but is not null
    ),
    listed as (
        select force_code, record_ref as action_ref, exception_code
        from {candidate}.assurance_exception
        where exception_code like 'BOARD_ACTION_%'
    )
select coalesce(expected.action_ref, listed.action_ref) as action_ref
from expected
full join listed using (force_code, action_ref, exception_code)
where expected.action_ref is null or listed.action_ref is null
"""


@mart_suite(
    "board_action",
    one_row_per=("action_ref",),
    source_text_columns=("action_ref", "question_ref", "point_code", "owner_role", "evidence_ref"),
    sentence_columns=("action", "owner_role", "evidence_ref"),
)
def board_action() -> Expectations:
    """Every action of the Board, with its date, how often it moved, and its closure."""
    return [
        every_row(
            "overdue_as_defined",
            f"(status = 'OVERDUE') = coalesce(due_on < {_TODAY}, false)",
            where="status in ('OPEN', 'OVERDUE')",
            description="An action that is not closed is overdue from the day after its date.",
            columns=("status", "due_on"),
        ),
        every_row(
            "days_overdue_are_counted",
            "days_overdue is not distinct from"
            f" case when status = 'OVERDUE' then {_TODAY} - due_on end",
            description="Overdue actions, and no others, have the days since their date.",
            columns=("status", "days_overdue"),
        ),
        every_row(
            "agreed_and_closed_by_today",
            f"agreed_on <= {_TODAY} and coalesce(closed_on <= {_TODAY}, true)",
            description="No action is agreed or closed after the moment of the publication.",
            columns=("agreed_on", "closed_on"),
        ),
        every_row(
            "moves_are_counts",
            "times_moved >= 0 and (times_moved > 0 or due_on is not distinct from first_due_on"
            " or due_on is null)",
            description="An action whose date is not the first one has moved at least once.",
            columns=("times_moved", "first_due_on", "due_on"),
        ),
        every_row(
            "doubt_needs_a_closure",
            "closed_but is null or status = 'CLOSED'",
            description="Only closed actions are in doubt.",
            columns=("closed_but", "status"),
        ),
        no_rows(
            "actions_are_in_the_log",
            _NOT_THE_LOG,
            description="Every action is in a log that was landed.",
        ),
        no_rows(
            "exceptions_list_the_actions",
            sql(_EXCEPTIONS_DIFFER, points=sql_list(POINTS)),
            description="The actions that are exceptions are those overdue or in doubt.",
        ),
    ]
