"""Record the position that each publication shows, because its tables are dropped later."""

import psycopg
from psycopg import sql

from oic_assurance.errors import AssuranceError
from oic_assurance.publishing.candidate_checks import audited_tables
from oic_assurance.publishing.schemas import GENERATION, MARTS
from oic_assurance.warehouse.fingerprint import fingerprint_tables

#: The mart with the position of each point.
POSITION = "assurance_position"

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
    shown = sql.Identifier(GENERATION, MARTS.partition(POSITION, publication_id))
    return conn.execute(sql.SQL(_RECORD).format(shown=shown)).rowcount


def check_position(conn: psycopg.Connection, publication_id: int) -> None:
    """Check that the published position is the one that the gate has audited.

    Raises:
        AssuranceError: It is no longer stored, or it has changed.
    """
    name = MARTS.partition(POSITION, publication_id)
    stored = fingerprint_tables(conn, GENERATION, only=[name]).get(name)
    if stored is None:
        raise AssuranceError(
            f"The position of publication {publication_id} is no longer stored: use a later one."
        )
    if audited_tables(conn, MARTS, publication_id).get(POSITION) != stored:
        raise AssuranceError(
            f"The position of publication {publication_id} is not as it was audited: run "
            "`assurance run`, and use the new publication."
        )
