"""Hydra sessions and who attended them."""

from expectations.landed import landed
from expectations.records import latest, of_current, refers_to, while_in_post
from expectations.vocabulary import INFO, Promises, every, sql

_PLACES = """
select session.session_code, count(attendance.row_key) <= session.capacity as holds
from {current} as session
left join (
    select distinct on (force_code, row_key) *
    from {raw_general}.hydra_attendance
    where batch_id <= {known_batch_id}
    order by force_code, row_key, version_at desc, batch_id desc
) as attendance
    on session.force_code = attendance.force_code
    and session.session_code = attendance.session_code
    and attendance.attended = 'Y'
    and not attendance.is_tombstone
where session.capacity is not null
group by session.force_code, session.session_code, session.capacity
"""

_SESSION = """
inner join (<<sessions>>) as session
    on record.force_code = session.force_code and record.session_code = session.session_code
"""


@landed("hydra/attendance", "hydra_session")
def hydra_session() -> Promises:
    """Sessions of the Hydra package."""
    return [
        every(
            "no_more_than_places",
            _PLACES,
            words="No more people attended a session than it had places.",
            columns=("capacity",),
            tolerating=0.05,
            severity=INFO,
            dimension="consistency",
        ),
    ]


@landed("hydra/attendance", "hydra_attendance")
def hydra_attendance() -> Promises:
    """Who was booked on a session, who came, and how it went."""
    return [
        refers_to(
            "employee_no",
            "hr/personnel",
            "employee_no",
            key="session_code, employee_no",
            words="Sessions are attended by people that the personnel file knows.",
        ),
        of_current(
            "outcome_of_attendance",
            "attended = 'Y'",
            among="outcome is not null",
            words="Only who came has an outcome.",
            columns=("attended", "outcome"),
        ),
        while_in_post(
            "session.session_date",
            key="record.session_code, record.employee_no",
            words="Sessions are attended by people while they are in post.",
            among="record.attended = 'Y'",
            joined=sql(_SESSION, sessions=latest("hydra/attendance", "hydra_session")),
        ),
    ]
