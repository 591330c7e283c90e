"""The record of a batch in `audit.batch`: one delivery that was landed or refused."""

import getpass
import os
import socket
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb


@dataclass(frozen=True)
class Batch:
    """One row of `audit.batch`."""

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
    kept_as: str | None = None
    #: The delivery whose rejected rows this batch replays.
    replay_of: int | None = None


def next_batch_id(connection: psycopg.Connection) -> int:
    """Take the id that a batch's rows will name."""
    row = connection.execute(
        "select nextval(pg_get_serial_sequence('audit.batch', 'batch_id'))"
    ).fetchone()
    return int(row[0]) if row else 0


def register(connection: psycopg.Connection, batch: Batch, force_code: str, run_id: str) -> None:
    """Enter a batch, complete, and log what was collected."""
    values = {**vars(batch), "notes": Jsonb(batch.notes), "force": force_code, "run": run_id}
    values["who"] = f"{_user()}@{socket.gethostname()}"
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
            %(reason)s, %(kept_as)s, %(who)s, %(replay_of)s
        )
        """,
        values,
    )
    if batch.status == "landed":
        what = (
            f"{batch.dataset}, batch {batch.batch_id}: {batch.row_count} rows of "
            f"{batch.source_place}, {batch.rows_new} new"
        )
        connection.execute(
            "insert into audit.processing_log (action, what, run_id) values ('collection', %s, %s)",
            (what, run_id),
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container can run as a number without a name
        return str(os.getuid())
