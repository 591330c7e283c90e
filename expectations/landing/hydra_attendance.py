"""Hydra sessions and their attendance."""

from expectations.shared.current_records import (
    latest_versions,
    nearly_all_records,
    refers_to,
    while_in_post,
)
from expectations.shared.landing_suite import landing_suite
from expectations.vocabulary import INFO, Expectations, every_result, sql

_ATTENDEES_WITHIN_CAPACITY = """
with
    attendance as (
        select distinct on (force_code, row_key) *
        from {raw_general}.hydra_attendance
        where batch_id <= {known_batch_id}
        order by force_code, row_key, version_at desc, batch_id desc
    )
select session.session_code, count(attendance.row_key) <= session.capacity as holds
from {current} as session
left join attendance
    on session.force_code = attendance.force_code
    and session.session_code = attendance.session_code
    and attendance.attended = 'Y'
    and not attendance.is_tombstone
where session.capacity is not null
group by session.force_code, session.session_code, session.capacity
"""

_SESSION_OF_RECORD = """
inner join (<<sessions>>) as session
    on record.force_code = session.force_code and record.session_code = session.session_code
"""


@landing_suite("hydra/attendance", "hydra_session")
def hydra_session() -> Expectations:
    """Hydra sessions, with their dates and places."""
    return [
        every_result(
            "no_more_than_places",
            _ATTENDEES_WITHIN_CAPACITY,
            description="No session has more attendees than places.",
            columns=("capacity",),
            tolerance=0.05,
            severity=INFO,
            dimension="consistency",
        ),
    ]


@landing_suite("hydra/attendance", "hydra_attendance")
def hydra_attendance() -> Expectations:
    """Officers who were booked on a session, whether they attended, and the outcome."""
    return [
        refers_to(
            "employee_no",
            "hr/personnel",
            "employee_no",
            key="session_code, employee_no",
            description="Every attendee is listed in the personnel file.",
        ),
        nearly_all_records(
            "outcome_of_attendance",
            "attended = 'Y'",
            where="outcome is not null",
            description="Nobody has an outcome without having attended.",
            columns=("attended", "outcome"),
        ),
        while_in_post(
            "session.session_date",
            key="record.session_code, record.employee_no",
            description="Everybody who attended a session was in post on that day.",
            where="record.attended = 'Y'",
            joined=sql(
                _SESSION_OF_RECORD, sessions=latest_versions("hydra/attendance", "hydra_session")
            ),
        ),
    ]
