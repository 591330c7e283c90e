"""Record the position that each publication shows, because its tables are dropped later."""

import psycopg
from psycopg import sql

from oic_assurance.publishing.schemas import GENERATION, MARTS

#: The mart with the position of each point.
POSITION = "assurance_position"

# A publication that an earlier version of the code has made lacks some of the columns. They are
# blank then.
_RECORD = """
insert into audit.published_position
select (jsonb_populate_record(null::audit.published_position, to_jsonb(shown))).*
from {shown} as shown
on conflict do nothing
"""


def record_position(conn: psycopg.Connection, publication_id: int) -> int:
    """Record a publication's position, and return the number of points that are new.

    The position of a publication does not change. If it is already recorded, nothing is added.
    """
    shown = sql.Identifier(GENERATION, MARTS.partition(POSITION, publication_id))
    return conn.execute(sql.SQL(_RECORD).format(shown=shown)).rowcount
