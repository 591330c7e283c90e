"""An earlier build computed again: what it knew, and the schemas beside in which that is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from oic_assurance.builds.build import (
    ROLE,
    Build,
    Purpose,
    drop_schemas,
    open_build,
    schema_prefix,
)
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

PURPOSE: Purpose = "reproduce"
# Any number will do, as long as whoever computes beside the daily build uses this one.
ADVISORY_LOCK = 4_620_121


@dataclass(frozen=True)
class Knowledge:
    """What a build was computed from, and by which rules."""

    build_id: int
    run_id: str
    as_at: datetime
    known_batch_id: int
    known_at: datetime
    compared_with: int | None
    rules_fingerprint: str | None
    code_version: str | None
    input_fingerprint: str | None


def knowledge_of(connection: psycopg.Connection, build_id: int) -> Knowledge:
    """Return what a build knew, by its id."""
    row = (
        connection.cursor(row_factory=class_row(Knowledge))
        .execute(
            """
            select
                build_id, run_id, as_at, known_batch_id, known_at, compared_with,
                rules_fingerprint, code_version, input_fingerprint
            from audit.build
            where build_id = %s
            """,
            (build_id,),
        )
        .fetchone()
    )
    if row is None:
        raise AssuranceError(f"Publication {build_id} has no record of its build.")
    return row


@contextmanager
def beside(settings: Settings) -> Iterator[str]:
    """Keep the schemas beside for one who computes again; they are gone at the end, come what may.

    Gives what stands before their names. Whoever else computes an earlier build again waits, also
    in another process. What one that was killed has left goes first: its rows are other people's.
    """
    prefix = schema_prefix(PURPOSE)
    with connect(settings, role=ROLE, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (ADVISORY_LOCK,))
        drop_schemas(connection, prefix)
        try:
            yield prefix
        finally:
            if not connection.broken:
                drop_schemas(connection, prefix)


def open_again(settings: Settings, known: Knowledge, purpose: Purpose = PURPOSE) -> Build:
    """Enter a build that sees what an earlier one saw, and quotes its evidence."""
    return open_build(
        settings, known.run_id, known.as_at, purpose, known.known_at, reproduces=known.build_id
    )
