"""Record the position that each publication shows, because its tables are dropped later."""

import psycopg
from psycopg import sql

from oic_assurance.publishing.schemas import GENERATION, MARTS

#: The mart with the position of each point.
POSITION = "assurance_position"

# If an earlier version of the code made the publication, its mart lacks some of the columns. The
# recorded position has nulls in these columns.
_RECORD = """
insert into audit.published_position
select (jsonb_populate_record(null::audit.published_position, to_jsonb(shown))).*
from {shown} as shown
on conflict do nothing
"""


def record_position(conn: psycopg.Connection, publication_id: int) -> int:
    """Record a publication's position, and return for how many points it was recorded now.

    The position of a publication does not change. If it is already recorded, the number is 0. The
    national warehouse has no position of its own.
    """
    if POSITION not in MARTS.required:
        return 0
    shown = sql.Identifier(GENERATION, MARTS.partition(POSITION, publication_id))
    return conn.execute(sql.SQL(_RECORD).format(shown=shown)).rowcount
