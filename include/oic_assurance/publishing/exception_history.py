"""What readers were told of exceptions: when each came on the list and when it went off it.

Much of that only looking shows, so it is entered in the transaction that shows a publication to
readers. The next build reads it and goes on from there; nobody takes away from it but an erasure.
"""

import psycopg
from psycopg import sql

from oic_assurance.publishing.schemas import GENERATION, MARTS

#: As the model that tells the life of exceptions is called.
HISTORY = "assurance_exception_history"

# What was last told of each exception, as at no later a moment, by what was not taken back.
_TOLD = """
select distinct on (event.force_code, event.exception_key)
    event.force_code, event.exception_key, event.is_open
from audit.exception_event as event
where event.as_at <= %(as_at)s
    and not exists (
        select
        from audit.publication_withdrawal as withdrawal
        where withdrawal.publication_id = event.publication_id
            and withdrawal.withdrawn_until is null
    )
order by event.force_code, event.exception_key, event.as_at desc, event.publication_id desc
"""

_ENTER = """
insert into audit.exception_event (
    publication_id, force_code, exception_key, as_at, is_open, exception_code, point_code,
    record_ref, org_unit_code, officer_key, opened_at, closed_at, closed_because
)
select
    shown.publication_id, shown.force_code, shown.exception_key, %(as_at)s, shown.is_open,
    shown.exception_code, shown.point_code, shown.record_ref, shown.org_unit_code,
    shown.officer_key, shown.opened_at, shown.closed_at, shown.closed_because
from {shown} as shown
left join ({told}) as told using (force_code, exception_key)
where shown.is_latest and shown.is_open <> coalesce(told.is_open, false)
on conflict do nothing
"""


def enter_exceptions(conn: psycopg.Connection, build_id: int) -> int:
    """Enter which exceptions a build is the first to list, and which to list no more.

    Returns how many. Publications of before this was kept have nothing to enter.
    """
    name = MARTS.partition(HISTORY, build_id)
    there = conn.execute("select to_regclass(%s) is not null", (f"{GENERATION}.{name}",)).fetchone()
    if there != (True,):
        return 0
    row = conn.execute(
        "select as_at from marts.publication where publication_id = %s", (build_id,)
    ).fetchone()
    enter = sql.SQL(_ENTER).format(shown=sql.Identifier(GENERATION, name), told=sql.SQL(_TOLD))
    return conn.execute(enter, {"as_at": row[0] if row else None}).rowcount
