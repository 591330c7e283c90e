"""Recompute an earlier build: from the batches that it saw, in schemas with a prefix."""

from collections.abc import Iterator
from contextlib import contextmanager

from oic_assurance.builds.marts import drop_schemas
from oic_assurance.builds.record import ROLE, Build, Purpose, open_build, schema_prefix
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import RECOMPUTE, take

PURPOSE: Purpose = "reproduce"


@contextmanager
def recompute_schemas(settings: Settings) -> Iterator[str]:
    """Reserve the schemas for a recomputation, give their prefix, and drop them afterwards.

    Other recomputations wait, also those of other processes. Schemas left by a killed process are
    dropped first, because their rows are personal data.
    """
    prefix = schema_prefix(PURPOSE)
    with connect(settings, role=ROLE, autocommit=True) as connection:
        # The lock ends with the connection.
        take(connection, RECOMPUTE)
        drop_schemas(connection, prefix)
        try:
            yield prefix
        finally:
            if not connection.broken:
                drop_schemas(connection, prefix)


def open_recompute(settings: Settings, earlier: Build, purpose: Purpose = PURPOSE) -> Build:
    """Record a build that sees what an earlier build saw, and shows its checks."""
    return open_build(
        settings,
        earlier.run_id,
        earlier.as_at,
        purpose,
        earlier.known_at,
        reproduces=earlier.build_id,
    )
