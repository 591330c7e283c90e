"""The record of a batch in `audit.batch`: a delivery that was landed or refused."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from oic_assurance.warehouse.account import account_at_host
from oic_assurance.warehouse.processing_log import batch_mark, dataset_mark, enter
from oic_assurance.warehouse.rows import one_value


@dataclass(frozen=True)
class Batch:
    """One row of `audit.batch`.

    Attributes:
        source_place: The name of the file or of the database table.
        delivered_for: The moment that the delivery describes.
        reason: Why the delivery was refused.
        row_count: The number of delivered rows.
        rows_new: The number of versions that were added to raw.
        cursor_from: For a database: the highest cursor value read before this batch.
        cursor_to: For a database: the highest cursor value read by the end of this batch.
        notes: Normalisation notes and other remarks.
    """

    batch_id: int
    dataset: str
    source_place: str
    kind: Literal["database", "file", "reconciliation", "replay"]
    delivered_for: datetime
    status: Literal["landed", "refused"] = "landed"
    reason: str | None = None
    size_bytes: int | None = None
    modified_at: datetime | None = None
    row_count: int | None = None
    rows_new: int | None = None
    rows_rejected: int | None = None
    sha256: str | None = None
    cursor_from: datetime | None = None
    cursor_to: datetime | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    #: The path of the archived file, relative to the state folder.
    archived_as: str | None = None
    #: If this batch is a replay: the batch whose rejected rows were replayed.
    replay_of: int | None = None


def next_batch_id(connection: psycopg.Connection) -> int:
    """Reserve a batch ID, so that rows can name the batch before it is registered."""
    return int(
        one_value(connection, "select nextval(pg_get_serial_sequence('audit.batch', 'batch_id'))")
    )


def register(connection: psycopg.Connection, batch: Batch, force_code: str, run_id: str) -> None:
    """Insert a complete batch into `audit.batch`.

    For a landed batch, also add an entry to the log of processing. DPA 2018 section 62 requires an
    entry for each collection of personal data.
    """
    values = {**vars(batch), "notes": Jsonb(batch.notes), "force": force_code, "run": run_id}
    values["account"] = account_at_host()
    connection.execute(
        """
        insert into audit.batch (
            batch_id, run_id, force_code, dataset, source_place, kind, delivered_for, size_bytes,
            modified_at, row_count, rows_new, rows_rejected, sha256, cursor_from, cursor_to, notes,
            status, reason, kept_as, landed_by, replay_of
        ) values (
            %(batch_id)s, %(run)s, %(force)s, %(dataset)s, %(source_place)s, %(kind)s,
            %(delivered_for)s, %(size_bytes)s, %(modified_at)s, %(row_count)s, %(rows_new)s,
            %(rows_rejected)s, %(sha256)s, %(cursor_from)s, %(cursor_to)s, %(notes)s, %(status)s,
            %(reason)s, %(archived_as)s,
            'login ' || session_user || ', claimed account ' || %(account)s, %(replay_of)s
        )
        """,
        values,
    )
    if batch.status == "landed":
        what = (
            f"{batch.dataset}, batch {batch.batch_id}: {batch.row_count} rows of "
            f"{batch.source_place}, {batch.rows_new} new"
        )
        enter(
            connection,
            "collection",
            what,
            run_id=run_id,
            concerns=(batch_mark(batch.batch_id), dataset_mark(batch.dataset)),
        )
