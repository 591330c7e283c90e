"""How far a source table was read, and what it held then: `audit.source_cursor`.

It is stored in the transaction that lands what was read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from oic_assurance.sources.databases.change_counts import ChangeCounts
from oic_assurance.sources.databases.source import KeySum, SourceDigest
from oic_assurance.sources.declarations.model import Dataset

#: For how long the source's own counts stand for the sum of its keys.
RELIED_ON_FOR = timedelta(days=7)


@dataclass(frozen=True)
class SourceState:
    """What is known of a source table from the last time it was read."""

    cursor_at: datetime | None = None
    keys: KeySum | None = None
    window: str | None = None
    declaration: str | None = None
    #: When the keys were last added up in the source, and what its server had counted then.
    reconciled_at: datetime | None = None
    counted: ChangeCounts | None = None

    def keys_by_count(self, counted: ChangeCounts | None, dataset: Dataset) -> KeySum | None:
        """Return the sum of the keys where the source's own counts can tell it for a while."""
        if counted is None or counted.since(self.counted) is None or self.reconciled_at is None:
            return None
        is_recent = counted.at - self.reconciled_at < RELIED_ON_FOR
        return self.keys if is_recent and self.is_under(dataset) else None

    def is_as(self, digest: SourceDigest, dataset: Dataset) -> bool:
        """Tell whether nothing has changed: neither a key or cursor value, nor recent content."""
        return self.keys == digest.keys and self.window == digest.window and self.is_under(dataset)

    def is_under(self, dataset: Dataset) -> bool:
        """Tell whether it was read under this declaration; a new column is read from the start."""
        return self.declaration in (None, dataset.fingerprint)


def load_state(connection: psycopg.Connection, dataset: Dataset, force_code: str) -> SourceState:
    """Return what is known of a dataset's source table."""
    row = connection.execute(
        """
        select
            cursor_at, key_digest, window_digest, declaration, reconciled_at,
            counted_of, counted, counted_at
        from audit.source_cursor
        where force_code = %s and dataset = %s
        """,
        (force_code, dataset.name),
    ).fetchone()
    if row is None:
        return SourceState()
    cursor_at, keys, window, declaration, reconciled_at, of, counts, counted_at = row
    rows, _, total = (keys or "").partition(":")
    return SourceState(
        cursor_at,
        KeySum(int(rows), int(total)) if total else None,
        window,
        declaration,
        reconciled_at,
        ChangeCounts(of, counts[0], counts[1], counts[2], counted_at) if of else None,
    )


def store_state(
    connection: psycopg.Connection, dataset: Dataset, force_code: str, state: SourceState
) -> None:
    """Remember how far the source was read and what it holds."""
    counted, keys = state.counted, state.keys
    connection.execute(
        """
        insert into audit.source_cursor as c (
            force_code, dataset, cursor_at, key_digest, window_digest, declaration,
            reconciled_at, counted_of, counted, counted_at
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict (force_code, dataset) do update set
            cursor_at = excluded.cursor_at, key_digest = excluded.key_digest,
            window_digest = excluded.window_digest, declaration = excluded.declaration,
            reconciled_at = excluded.reconciled_at, counted_of = excluded.counted_of,
            counted = excluded.counted, counted_at = excluded.counted_at
        """,
        (
            force_code,
            dataset.name,
            state.cursor_at,
            f"{keys.rows}:{keys.total}" if keys else None,
            state.window,
            dataset.fingerprint,
            state.reconciled_at,
            counted.identity if counted else None,
            [counted.inserted, counted.updated, counted.deleted] if counted else None,
            counted.at if counted else None,
        ),
    )
