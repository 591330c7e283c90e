"""How far a source table was read, and what it held then: `audit.source_cursor`.

It is stored in the transaction that lands what was read.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from oic_assurance.sources.database import KeySum, SourceDigest
from oic_assurance.sources.model import Dataset


@dataclass(frozen=True)
class SourceState:
    """What is known of a source table from the last time it was read."""

    cursor_at: datetime | None = None
    keys: KeySum | None = None
    window: str | None = None
    declaration: str | None = None

    def is_as(self, digest: SourceDigest, dataset: Dataset) -> bool:
        """Tell whether nothing has changed: neither a key or cursor value, nor recent content."""
        return self.keys == digest.keys and self.window == digest.window and self.is_under(dataset)

    def is_under(self, dataset: Dataset) -> bool:
        """Tell whether it was read under this declaration; a new column is read from the start."""
        return self.declaration in (None, dataset.fingerprint)


def load_state(connection: psycopg.Connection, dataset: Dataset, force_code: str) -> SourceState:
    """Return what is known of a dataset's source table."""
    row = connection.execute(
        "select cursor_at, key_digest, window_digest, declaration from audit.source_cursor"
        " where force_code = %s and dataset = %s",
        (force_code, dataset.name),
    ).fetchone()
    if row is None:
        return SourceState()
    rows, _, total = (row[1] or "").partition(":")
    return SourceState(row[0], KeySum(int(rows), int(total)) if total else None, *row[2:])


def store_state(
    connection: psycopg.Connection,
    dataset: Dataset,
    force_code: str,
    cursor_at: datetime | None,
    digest: SourceDigest,
) -> None:
    """Remember how far the source was read and what it holds."""
    connection.execute(
        """
        insert into audit.source_cursor (
            force_code, dataset, cursor_at, reconciled_at, key_digest, window_digest, declaration
        )
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (force_code, dataset) do update set
            cursor_at = excluded.cursor_at, reconciled_at = excluded.reconciled_at,
            key_digest = excluded.key_digest, window_digest = excluded.window_digest,
            declaration = excluded.declaration
        """,
        (
            force_code,
            dataset.name,
            cursor_at,
            digest.taken_at,
            f"{digest.keys.rows}:{digest.keys.total}",
            digest.window,
            dataset.fingerprint,
        ),
    )
