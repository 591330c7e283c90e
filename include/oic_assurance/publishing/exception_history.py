"""Record when readers first saw each exception as open, and when they first saw it closed.

These times cannot be computed from raw later, so the transaction that makes a publication current
records them in `audit.exception_event`. The next build continues from this history. Only an erasure
deletes rows from it.
"""

from datetime import datetime

import psycopg
from psycopg import sql

from oic_assurance.publishing.schemas import GENERATION, MARTS
from oic_assurance.warehouse.rows import relation_exists

#: The mart that holds the history of exceptions.
HISTORY = "assurance_exception_history"

# Finds the last recorded state of each exception, open or closed, at the moment `as_at`. Rows from
# a publication that was rolled back do not count, unless it was made current again later.
_RECORDED = """
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

_RECORD = """
insert into audit.exception_event (
    publication_id, force_code, exception_key, as_at, is_open, exception_code, point_code,
    record_ref, org_unit_code, officer_key, opened_at, closed_at, closed_because
)
select
    shown.publication_id, shown.force_code, shown.exception_key, %(as_at)s, shown.is_open,
    shown.exception_code, shown.point_code, shown.record_ref, shown.org_unit_code,
    shown.officer_key, shown.opened_at, shown.closed_at, shown.closed_because
from {shown} as shown
left join ({recorded}) as recorded using (force_code, exception_key)
where shown.is_latest and shown.is_open <> coalesce(recorded.is_open, false)
on conflict do nothing
"""


def record_exceptions(conn: psycopg.Connection, publication_id: int, as_at: datetime) -> int:
    """Record each exception that a publication newly shows as open or as closed.

    Returns how many events were recorded. A publication made by an early version of the code has no
    mart with this history, so nothing is recorded for it.
    """
    name = MARTS.partition(HISTORY, publication_id)
    if not relation_exists(conn, f"{GENERATION}.{name}"):
        return 0
    statement = sql.SQL(_RECORD).format(
        shown=sql.Identifier(GENERATION, name), recorded=sql.SQL(_RECORDED)
    )
    return conn.execute(statement, {"as_at": as_at}).rowcount
