"""Load and store the state of a source table: how far it was read, and a digest of its content.

Landing stores the state in `audit.source_cursor`, in the transaction that lands the rows.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from oic_assurance.sources.databases.change_counts import ChangeCounts
from oic_assurance.sources.databases.source import KeySum, SourceDigest
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.rows import find_row

#: How long a stored sum over the keys can be used while the change counts explain every change.
#: After this time, the source computes a new sum.
RELIED_ON_FOR = timedelta(days=7)


@dataclass(frozen=True)
class SourceState:
    """The state of a source table when it was last read."""

    #: The highest cursor value that was read.
    cursor_at: datetime | None = None
    #: The number of keys, and the sum over the keys.
    keys: KeySum | None = None
    #: A digest of the content of the recent rows.
    window: str | None = None
    #: The fingerprint of the declaration under which the table was read.
    declaration: str | None = None
    #: When the sum of the keys was last computed in the source.
    reconciled_at: datetime | None = None
    #: The change counts of the source server at the last landing.
    change_counts: ChangeCounts | None = None

    def trusted_keys(self, counts: ChangeCounts | None, dataset: Dataset) -> KeySum | None:
        """Return the stored sum over the keys, or None if the source must compute a new one.

        The stored sum can be used on three conditions:

        - The server has reliable change counts and has not reset them since the last landing.
        - The source has computed a sum in the last seven days.
        - The declaration is the same.
        """
        if counts is None or counts.since(self.change_counts) is None or not self.reconciled_at:
            return None
        is_recent = counts.at - self.reconciled_at < RELIED_ON_FOR
        return self.keys if is_recent and self.has_declaration(dataset) else None

    def matches(self, digest: SourceDigest, dataset: Dataset) -> bool:
        """Tell whether the keys, cursor values, recent content and declaration are unchanged."""
        return (
            self.keys == digest.keys
            and self.window == digest.window
            and self.has_declaration(dataset)
        )

    def has_declaration(self, dataset: Dataset) -> bool:
        """Tell whether the table was read under the present declaration.

        If not, the table is read again from the start, because a column can be new. A table that
        was never read counts as read under the present declaration.
        """
        return self.declaration in (None, dataset.fingerprint)


def load_state(connection: psycopg.Connection, dataset: Dataset, force_code: str) -> SourceState:
    """Return the stored state of a source table. Before the first landing, every field is None."""
    row = find_row(
        connection,
        """
        select
            cursor_at, key_digest, window_digest, declaration, reconciled_at,
            counted_of, counted, counted_at
        from audit.source_cursor
        where force_code = %s and dataset = %s
        """,
        (force_code, dataset.name),
    )
    if row is None:
        return SourceState()
    cursor_at, keys, window, declaration, reconciled_at, identity, counts, counted_at = row
    rows, _, total = (keys or "").partition(":")
    return SourceState(
        cursor_at,
        KeySum(int(rows), int(total)) if total else None,
        window,
        declaration,
        reconciled_at,
        ChangeCounts(identity, counts[0], counts[1], counts[2], counted_at) if identity else None,
    )


def store_state(
    connection: psycopg.Connection, dataset: Dataset, force_code: str, state: SourceState
) -> None:
    """Insert or replace the state of a source table."""
    counts, keys = state.change_counts, state.keys
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
            counts.identity if counts else None,
            [counts.inserted, counts.updated, counts.deleted] if counts else None,
            counts.at if counts else None,
        ),
    )
