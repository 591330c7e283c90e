"""The last traces of erased records: old publications, dead rows, write-ahead log, logs of runs.

A deleted row stays in its file until that is written anew, and in the write-ahead log until that is
passed; a publication that was built before stays readable. So once a new publication stands, the
generations that hold what was erased are dropped, the tables that it was taken from are rewritten,
and on the embedded server the log is cleared. Interrupted anywhere, the next call begins anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from oic_assurance.builds.build import drop_schemas
from oic_assurance.builds.compared_with import forget_steps
from oic_assurance.operations.erase.erase import ROLE, settle
from oic_assurance.operations.erase.exceptions import forget_exceptions
from oic_assurance.publishing.generations import read_parts
from oic_assurance.publishing.publication import find_current
from oic_assurance.publishing.retention import drop_generations
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.warehouse.airflow_uri import find_given
from oic_assurance.warehouse.connections import connect, reason
from oic_assurance.warehouse.write_ahead_log import clear_log

PUBLISH_ROLE, TRANSFORM_ROLE = "oic_publish", "oic_transform"
#: How long rewriting a table waits for whoever reads it.
LOCK_PATIENCE = "60s"
#: Beside the raw tables.
REWRITTEN = (
    "audit.rejected_row",
    "audit.expectation_result",
    "audit.failing_row",
    "audit.exception_event",
    "identity.pseudonym",
)
#: The planner keeps samples of every table's values, and of an empty table the last ones it saw.
CLEARS_SAMPLES_SINCE = 180_000
_CLEAR_SAMPLES = """
select pg_clear_attribute_stats(schemaname, tablename, attname, inherited)
from pg_catalog.pg_stats
where schemaname not in ('pg_catalog', 'information_schema')
"""
_PENDING = """
select erasure_id, erased_at, dataset, table_name, first_batch_id
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


@dataclass
class Finish:
    """What was done about the last traces, and what they wait for."""

    erasures: int = 0
    publications: list[int] = field(default_factory=list)
    waits_for: str | None = None


@dataclass(frozen=True)
class _Pending:
    erasure_id: int
    erased_at: datetime
    dataset: str
    table_name: str
    first_batch_id: int


def finish_erasures(settings: Settings) -> Finish:
    """Remove the last traces of what was erased since the last time; nothing to do costs nothing.

    As long as readers see a publication that holds it, it does what it can and says what it waits
    for.
    """
    with (
        connect(settings, role=ROLE) as connection,
        connection.cursor(row_factory=class_row(_Pending)) as cursor,
    ):
        pending = cursor.execute(_PENDING.encode()).fetchall()
    done = Finish(len(pending))
    if not pending:
        return done
    for name in sorted({one.dataset for one in pending}):
        settle(settings, datasets()[name])
    _drop_publications(settings, pending, done)
    forget_steps(settings)
    _forget_exceptions(settings, pending)
    _rewrite_tables(settings, pending, done)
    _remove_logs(settings, max(one.erased_at for one in pending))
    if find_given("warehouse") is None:
        clear_log(settings)
    if done.waits_for is None:
        _log(settings, pending, done)
    return done


def _drop_publications(settings: Settings, pending: list[_Pending], done: Finish) -> None:
    """Drop the generations, and what other builds left beside, that hold what was erased."""
    with connect(settings, role=PUBLISH_ROLE) as connection:
        builds = connection.execute(
            _BUILDS_WITH.encode(),
            ([one.first_batch_id for one in pending], [one.erased_at for one in pending]),
        ).fetchall()
        there = {part.publication_id for part in read_parts(connection)}
        current = find_current(connection)
        newest = connection.execute(
            """
            select max(b.started_at)
            from marts.publication as p inner join audit.build as b on p.publication_id = b.build_id
            """
        ).fetchone()
    holding = {build_id for build_id, _ in builds}
    dropped = drop_generations(
        settings, sorted(holding & there), "which hold what was erased since"
    )
    done.publications = dropped.erased
    _drop_schemas(settings, {prefix for _, prefix in builds if prefix})
    last_built = newest[0] if newest else None
    is_rebuilt = last_built is not None and last_built > max(one.erased_at for one in pending)
    if dropped.put_off is not None:
        done.waits_for = dropped.put_off
    elif holding and not is_rebuilt:
        done.waits_for = "the next publication"
    elif current is not None and current.publication_id in holding:
        done.waits_for = f"another publication than {current.publication_id} to be shown"


def _forget_exceptions(settings: Settings, pending: list[_Pending]) -> None:
    """Take away what a build told of them that began before the erasure and ended after it."""
    with connect(settings, role=ROLE) as connection:
        for name, table_name in sorted({(one.dataset, one.table_name) for one in pending}):
            declared = datasets()[name]
            for table in declared.tables:
                if table.name == table_name:
                    forget_exceptions(connection, settings.force_code, declared, table)


def _drop_schemas(settings: Settings, prefixes: Iterable[str]) -> None:
    """Drop what builds beside the daily one have left of their tables."""
    with connect(settings, role=TRANSFORM_ROLE) as connection:
        for prefix in prefixes:
            drop_schemas(connection, prefix)


def _rewrite_tables(settings: Settings, pending: list[_Pending], done: Finish) -> None:
    """Write the tables that rows were taken from into new files, as the warehouse's owner."""
    raw = sorted({f"{datasets()[one.dataset].raw_schema}.{one.table_name}" for one in pending})
    with connect(settings, autocommit=True) as connection:
        connection.execute("select set_config('lock_timeout', %s, false)", (LOCK_PATIENCE,))
        for name in (*raw, *REWRITTEN):
            try:
                connection.execute(
                    sql.SQL("vacuum (full) {}").format(sql.Identifier(*name.split(".")))
                )
            except psycopg.errors.LockNotAvailable as error:
                done.waits_for = f"readers of {name} ({reason(error)})"
        if connection.info.server_version >= CLEARS_SAMPLES_SINCE:
            connection.execute(_CLEAR_SAMPLES.encode())
        connection.execute("analyze")
        connection.execute("vacuum (full) pg_catalog.pg_statistic")


def _remove_logs(settings: Settings, before: datetime) -> None:
    """Remove logs of runs from before: no record is logged, but nobody vouches for a traceback."""
    moment = before.timestamp()
    for path in _logs(settings):
        if path.stat().st_mtime <= moment:
            path.unlink(missing_ok=True)
        elif not path.name.startswith("run-"):
            # Those that go on and on: what is being written now is in the run's own log.
            path.write_bytes(b"")


def _logs(settings: Settings) -> Iterable[Path]:
    yield from (
        path
        for path in settings.log_dir.glob("*.log*")
        # The server's own holds no statement and no value, and the server is writing it.
        if path.is_file() and not path.name.startswith("postgres")
    )


def _log(settings: Settings, pending: list[_Pending], done: Finish) -> None:
    with connect(settings, role=ROLE) as connection:
        connection.execute(
            "insert into audit.erasure_finish (up_to_erasure, publications) values (%s, %s)",
            (pending[-1].erasure_id, done.publications),
        )
        connection.execute(
            "insert into audit.processing_log (action, what) values ('erasure', %s)",
            (
                f"the last traces of erasures up to {pending[-1].erasure_id}: "
                f"{len(done.publications)} publications, dead rows, write-ahead log",
            ),
        )
