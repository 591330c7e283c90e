"""Remove the last traces of erased records: publications, dead rows, write-ahead log, run logs.

A deleted row stays in the table's file until the table is rewritten. The row also stays in the
write-ahead log until the server removes that part of the log. A publication from before the erasure
stays readable. So once there is a new publication, this module does four things:

- It drops the generations that hold erased records. A record whose marking rose is an exception: it
  was withdrawn from every generation before its erasure. So no generation is dropped because of it.
- It rewrites the tables from which records were erased, and the tables of generations from which
  records were withdrawn.
- It removes the logs of earlier runs, and the statements of readers in the server's log.
- On the embedded server, it clears the write-ahead log.

After an interruption, the next call starts again.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from oic_assurance.builds.compared_with import drop_steps_set_aside
from oic_assurance.builds.development import PREFIX as DEVELOPMENT
from oic_assurance.builds.marts import drop_schemas
from oic_assurance.operations.audit.collect import collect
from oic_assurance.operations.erase.erase import (
    ROLE,
    complete_interrupted,
    delete_exception_events,
)
from oic_assurance.publishing.generations import read_parts
from oic_assurance.publishing.publication import find_current
from oic_assurance.publishing.retention import drop_generations
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.processing_log import enter, publication_mark
from oic_assurance.warehouse.rewriting import leave_no_trace
from oic_assurance.warehouse.rows import named_rows, one_value

#: The kind of erasure whose records were withdrawn from every generation before the erasure.
WITHDRAWN_BEFORE = "marking"
PUBLISH_ROLE, TRANSFORM_ROLE = "oic_publish", "oic_transform"
#: The tables that are rewritten in addition to the raw tables.
REWRITTEN = (
    "audit.rejected_row",
    "audit.expectation_result",
    "audit.failing_row",
    "audit.exception_event",
    "audit.retention_due",
    "identity.pseudonym",
    "identity.directory",
)
_PENDING = """
select erasure_id, erased_at, dataset, table_name, first_batch_id, kind
from audit.erasure
where erasure_id > (select coalesce(max(up_to_erasure), 0) from audit.erasure_finish)
order by erasure_id
"""
_BUILDS_WITH = """
select distinct b.build_id, b.schema_prefix
from audit.build as b
inner join unnest(%s::bigint[], %s::timestamptz[]) as e (first_batch_id, erased_at)
    on b.known_batch_id >= e.first_batch_id and b.started_at <= e.erased_at
order by b.build_id
"""


@dataclass(frozen=True)
class Finish:
    """The result of `finish_erasures`: how many erasures had traces left, and what was dropped.

    `waits_for` says what prevents the removal of the remaining traces. It is None if no trace
    remains.
    """

    erasures: int = 0
    publications: list[int] = field(default_factory=list)
    waits_for: str | None = None


def finish_erasures(settings: Settings) -> Finish:
    """Remove the last traces of the records that were erased since the last complete call.

    While readers see a publication with erased records, some traces must stay. Then the result's
    `waits_for` says what the removal is waiting for, and the next call continues.

    Raises:
        ServerError: The server refuses a statement, or its write-ahead log cannot be cleared.
    """
    with connect(settings, role=ROLE) as connection:
        pending = named_rows(connection, _PENDING.encode())
    if not pending:
        return Finish()
    for name in sorted({one.dataset for one in pending}):
        complete_interrupted(settings, datasets()[name])
    dropped, waits_for_publication = _drop_publications(settings, pending)
    drop_steps_set_aside(settings)
    # A build that began before the erasure can have written events about erased records after it.
    with connect(settings, role=ROLE) as connection:
        for name, table_name in sorted({(one.dataset, one.table_name) for one in pending}):
            for table in datasets()[name].tables:
                if table.name == table_name:
                    force = settings.force_code
                    delete_exception_events(connection, force, datasets()[name], table)
    # The server's log holds readers' statements with their values until they are collected.
    collect(settings)
    _remove_logs(settings, max(one.erased_at for one in pending))
    raw = sorted({f"{datasets()[one.dataset].raw_schema}.{one.table_name}" for one in pending})
    generations = _generations_to_rewrite(settings, pending)
    waits_for_readers = leave_no_trace(settings, [*raw, *REWRITTEN, *generations])
    done = Finish(len(pending), dropped, waits_for_readers or waits_for_publication)
    if done.waits_for is None:
        _log(settings, pending, done)
    return done


def _drop_publications(settings: Settings, pending: list[Any]) -> tuple[list[int], str | None]:
    """Drop the generations, and the schemas of other builds, that hold erased records.

    Returns the dropped publications and, if the removal is not complete, what it waits for.
    """
    held = [one for one in pending if one.kind != WITHDRAWN_BEFORE]
    with connect(settings, role=PUBLISH_ROLE) as connection:
        builds = _builds_with(connection, pending)
        holding = {build_id for build_id, _ in _builds_with(connection, held)}
        there = {part.publication_id for part in read_parts(connection)}
        current = find_current(connection)
        last_built: datetime | None = one_value(
            connection,
            """
            select max(b.started_at)
            from marts.publication as p inner join audit.build as b on p.publication_id = b.build_id
            """,
        )
    dropped = drop_generations(
        settings, sorted(holding & there), "which hold what was erased since"
    )
    # The schemas of other commands than the daily run are dropped too.
    with connect(settings, role=TRANSFORM_ROLE) as connection:
        for prefix in {DEVELOPMENT, *(prefix for _, prefix in builds if prefix)}:
            drop_schemas(connection, prefix)
    is_rebuilt = last_built is not None and last_built > max(one.erased_at for one in pending)
    waits_for = dropped.put_off
    if waits_for is None and builds and not is_rebuilt:
        waits_for = "the next publication"
    elif waits_for is None and current is not None and current.publication_id in holding:
        waits_for = f"another publication than {current.publication_id} to be shown"
    return dropped.erased, waits_for


def _builds_with(connection: psycopg.Connection, erasures: list[Any]) -> list[tuple[int, str]]:
    """Return the builds that have read erased records, each with its schema prefix."""
    return connection.execute(
        _BUILDS_WITH.encode(),
        ([one.first_batch_id for one in erasures], [one.erased_at for one in erasures]),
    ).fetchall()


def _generations_to_rewrite(settings: Settings, pending: list[Any]) -> list[str]:
    """Return the tables of generations from which withdrawn records were deleted."""
    if all(one.kind != WITHDRAWN_BEFORE for one in pending):
        return []
    with connect(settings, role=PUBLISH_ROLE) as connection:
        found = connection.execute(
            """
            select distinct name
            from audit.recall as recall cross join lateral unnest(recall.withdrawn_from) as name
            where
                recall.withdrawn_at > coalesce(
                    (select max(finished_at) from audit.erasure_finish), '-infinity'
                )
                and to_regclass(name) is not null
            order by name
            """
        ).fetchall()
    return [name for (name,) in found]


def _remove_logs(settings: Settings, before: datetime) -> None:
    """Remove the logs that were last written before a moment.

    A traceback in a log could hold an erased value. A log that was also written after the moment is
    emptied. The log of a single run that was also written after the moment stays as it is.
    """
    moment = before.timestamp()
    for path in settings.log_dir.glob("*.log*"):
        # The database server's start-up log stays, because it holds no statements and no values.
        if not path.is_file() or path.name.startswith("postgres"):
            continue
        if path.stat().st_mtime <= moment:
            path.unlink(missing_ok=True)
        elif not path.name.startswith("run-"):
            # A process may keep this log open, so it is emptied and not deleted. Lines about the
            # current run are also in that run's own log.
            path.write_bytes(b"")


def _log(settings: Settings, pending: list[Any], done: Finish) -> None:
    with connect(settings, role=ROLE) as connection:
        connection.execute(
            "insert into audit.erasure_finish (up_to_erasure, publications) values (%s, %s)",
            (pending[-1].erasure_id, done.publications),
        )
        what = (
            f"the last traces of erasures up to {pending[-1].erasure_id}: "
            f"{len(done.publications)} publications, dead rows, write-ahead log"
        )
        enter(
            connection,
            "erasure",
            what,
            because="they held erased records",
            concerns=[publication_mark(one) for one in done.publications],
        )
