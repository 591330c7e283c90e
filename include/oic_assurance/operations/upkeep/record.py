"""The record of the upkeep, `audit.upkeep`: one row for each part and run."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from oic_assurance.operations.upkeep.part import Did
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import all_records, one_value

WRITER, READER = "oic_erasure", "oic_gate"
LONGEST_MESSAGE = 600
Outcome = Literal["running", "done", "skipped", "failed", "dry run"]

_LATEST = """
select latest.part, latest.started_at, latest.ended_at, latest.outcome, latest.did,
    latest.bytes_before, latest.bytes_after, latest.message,
    (
        select max(good.ended_at) from audit.upkeep as good
        where good.part = latest.part and good.outcome = 'done'
    ) as done_at
from (
    select distinct on (part) * from audit.upkeep order by part, upkeep_id desc
) as latest
order by latest.started_at, latest.part
"""


@dataclass(frozen=True)
class Upkeep:
    """One run of one part. A dry run is not on record."""

    part: str
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome
    did: dict[str, Any] = field(default_factory=dict)
    bytes_before: int | None = None
    bytes_after: int | None = None
    message: str | None = None
    #: When the part last did its work.
    done_at: datetime | None = None


def begin(connection: psycopg.Connection, part: str) -> int:
    """Record that a part begins, and return the id of its row.

    `connection` must hold the lock of the upkeep. A row of the part that is still open belongs to a
    process that was killed, and is closed as failed.
    """
    return int(one_value(connection, "select audit.begin_upkeep(%s)", (part,)))


def end(connection: psycopg.Connection, upkeep_id: int, outcome: Outcome, did: Did) -> None:
    """Record how a part ended, and what it did."""
    connection.execute(
        "select audit.end_upkeep(%s, %s, %s, %s, %s, %s)",
        (
            upkeep_id,
            outcome,
            Jsonb(did.counts),
            did.bytes_before,
            did.bytes_after,
            " ".join((did.note or "").split())[:LONGEST_MESSAGE],
        ),
    )


def latest(settings: Settings) -> list[Upkeep]:
    """Return the latest run of each part that ever ran."""
    with connect(settings, role=READER) as connection:
        return all_records(connection, Upkeep, _LATEST)
