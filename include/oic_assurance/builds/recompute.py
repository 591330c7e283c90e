"""Recompute an earlier build from the batches that it used, in temporary schemas."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from oic_assurance.builds.marts import drop_schemas
from oic_assurance.builds.record import ROLE, Build, Purpose, open_build, schema_prefix
from oic_assurance.landing.pseudonyms import check_no_rekey
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import RECOMPUTE, take

PURPOSE: Purpose = "reproduce"


@contextmanager
def recompute_schemas(settings: Settings, prefix: str = schema_prefix(PURPOSE)) -> Iterator[str]:
    """Reserve the schemas of a recomputation for the block, and drop them afterwards.

    Yields the prefix of the schemas' names. If another recomputation is running, in this or another
    process, this one waits until it ends. Schemas left by a killed process are dropped first,
    because they hold personal data.

    Raises:
        AssuranceError: A re-keying of the pseudonyms is unfinished.
    """
    with connect(settings, role=ROLE, autocommit=True) as connection:
        # The lock is released when the connection closes.
        take(connection, RECOMPUTE)
        check_no_rekey(connection)
        drop_schemas(connection, prefix)
        try:
            yield prefix
        finally:
            if not connection.broken:
                drop_schemas(connection, prefix)


def analyze_recomputed(settings: Settings, prefix: str) -> None:
    """Make the server collect statistics of all tables in the schemas that have the prefix.

    The server does this by itself only about a minute later. Until then, it has no statistics from
    which to plan queries over several tables, so such queries are slow.
    """
    with connect(settings, role=ROLE, autocommit=True) as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables where starts_with(schemaname, %s)",
            (prefix,),
        ).fetchall()
        for schema, table in tables:
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, table)))


def open_recompute(settings: Settings, earlier: Build, purpose: Purpose = PURPOSE) -> Build:
    """Record a new build that recomputes an earlier one.

    The new build uses the batches that the earlier build used. Marts about checks show the earlier
    build's checks.
    """
    return open_build(
        settings,
        earlier.run_id,
        earlier.as_at,
        purpose,
        earlier.known_at,
        reproduces=earlier.build_id,
    )
