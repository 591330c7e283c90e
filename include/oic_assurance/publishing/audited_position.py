"""Check that the position of a publication is still the one that the gate has audited."""

import psycopg

from oic_assurance.errors import AssuranceError
from oic_assurance.publishing.candidate_checks import audited_tables
from oic_assurance.publishing.published_positions import POSITION
from oic_assurance.publishing.schemas import GENERATION, MARTS
from oic_assurance.warehouse.connections import person, readable_marts
from oic_assurance.warehouse.fingerprint import fingerprint_audited


def check_position(conn: psycopg.Connection, publication_id: int) -> None:
    """Check that the published position is the one that the gate has audited.

    A person's process checks what the person can read, which is the current publication.

    Raises:
        AssuranceError: The position is no longer stored, or it has changed since the audit.
    """
    schema, name = GENERATION, MARTS.partition(POSITION, publication_id)
    if person() is not None:
        schema, name = readable_marts(), POSITION
    audited = audited_tables(conn, MARTS, publication_id).get(POSITION)
    stored = fingerprint_audited(conn, schema, {name: audited}).get(name) if audited else None
    if stored is None and audited:
        raise AssuranceError(
            f"The position of publication {publication_id} is no longer stored: use a later one."
        )
    if audited is None or stored != audited:
        raise AssuranceError(
            f"The position of publication {publication_id} is not as it was audited: run "
            "`assurance run`, and use the new publication."
        )
