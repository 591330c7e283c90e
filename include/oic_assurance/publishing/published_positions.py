"""Record the position that each publication shows, because its tables are dropped later."""

import psycopg
from psycopg import sql

from oic_assurance.publishing.schemas import GENERATION, MARTS

_RECORD = """
insert into audit.published_position (
    publication_id, force_code, point_code, as_at, status, source_status, numerator, denominator,
    value, ci_low, ci_high
)
select publication_id, force_code, point_code, as_at, status, source_status, numerator, denominator,
    value, ci_low, ci_high
from {shown}
on conflict do nothing
"""


def record_position(conn: psycopg.Connection, publication_id: int) -> int:
    """Record a publication's position, and return the number of points."""
    shown = sql.Identifier(GENERATION, MARTS.partition("assurance_position", publication_id))
    return conn.execute(sql.SQL(_RECORD).format(shown=shown)).rowcount
