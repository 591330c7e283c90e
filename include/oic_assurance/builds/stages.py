"""The record of the stages of a run: how long each took, and how many rows it wrote.

The host that ran the stage also records which keys it has.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from oic_assurance import logs
from oic_assurance.builds.host_secrets import record_marks
from oic_assurance.clock import utc_now
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import one_value

LOG = logging.getLogger(__name__)
ROLE = "oic_transform"
# dbt tests each table after it has built it. The sealed marts are built after the marts' audit.
_BUILT = """
select coalesce(sum(built.rows), 0)::bigint
from audit.tested_table as built
left join audit.gate as audited on audited.build_id = built.build_id and audited.stage = 'marts'
where built.build_id = %s and (audited.finished_at is null or built.tested_at > audited.finished_at)
"""
_PUBLISHED = """
select coalesce(sum(rows), 0)::bigint
from audit.table_fingerprint
where build_id = %s
"""


@dataclass
class Stage:
    """A stage that runs now. The code of the stage sets `rows` if it knows how many it wrote."""

    started_at: datetime
    rows: int | None = None


@contextmanager
def on_record(
    settings: Settings, run_id: str, name: str, dataset: str | None = None
) -> Iterator[Stage]:
    """Record when the stage in the block began and ended, whether it succeeded, and its rows.

    A record that cannot be made does not fail the stage. The reason is logged.
    """
    stage = Stage(utc_now())
    # The clock of the machine can be set back while the stage runs. The monotonic clock cannot.
    begun = time.monotonic()
    LOG.info("The stage has begun.")
    succeeded = False
    try:
        yield stage
        succeeded = True
    finally:
        seconds = time.monotonic() - begun
        rows = stage.rows if succeeded else None
        with logs.about(seconds=round(seconds, 1), rows=rows):
            LOG.info("The stage has %s after %.1f s.", _ending(succeeded), seconds)
        try:
            _enter(
                settings, run_id, name, dataset or "", stage.started_at, seconds, succeeded, rows
            )
        except (AssuranceError, psycopg.Error) as error:
            LOG.warning("How long %s took was not recorded: %s", name, type(error).__name__)


def rows_built(settings: Settings, build_id: int) -> int:
    """Return how many rows a build's tables have: all of them, or the sealed marts after the audit.

    The tables that were built after the audit of the marts are the sealed marts.
    """
    with connect(settings, role=ROLE) as warehouse:
        return int(one_value(warehouse, _BUILT, (build_id,)))


def rows_published(settings: Settings, build_id: int) -> int:
    """Return how many rows the tables of a published build have."""
    with connect(settings, role=ROLE) as warehouse:
        return int(one_value(warehouse, _PUBLISHED, (build_id,)))


def _ending(succeeded: bool) -> str:
    return "ended" if succeeded else "failed"


def _enter(
    settings: Settings,
    run_id: str,
    name: str,
    dataset: str,
    started_at: datetime,
    seconds: float,
    succeeded: bool,
    rows: int | None,
) -> None:
    finished_at = started_at + timedelta(seconds=seconds)
    with connect(settings, role=ROLE) as warehouse:
        warehouse.execute(
            """
            insert into audit.stage (
                run_id, stage, dataset, started_at, finished_at, succeeded, rows
            )
            values (%s, %s, %s, %s, %s, %s, %s)
            on conflict (run_id, stage, dataset) do update set
                started_at = excluded.started_at, finished_at = excluded.finished_at,
                succeeded = excluded.succeeded, rows = excluded.rows
            """,
            (run_id, name, dataset, started_at, finished_at, succeeded, rows),
        )
        record_marks(settings, warehouse)
