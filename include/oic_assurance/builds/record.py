"""The record of a build: one row of `audit.build`."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString

import psycopg
from psycopg import sql

from oic_assurance.builds.version import code_version, policy_fingerprint, rules_fingerprint
from oic_assurance.errors import AssuranceError
from oic_assurance.settings import Settings
from oic_assurance.sources.declarations.load import datasets
from oic_assurance.sources.declarations.model import Dataset
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.locks import KNOWN_BATCHES, take_in_transaction
from oic_assurance.warehouse.processing_log import build_mark, enter
from oic_assurance.warehouse.rows import find_record, find_value, one_value, relation_exists

ROLE = "oic_transform"

Purpose = Literal["daily", "deadline", "reproduce", "restate"]

_SELECT: LiteralString = """
select build_id, run_id, as_at, known_batch_id, known_at, purpose, schema_prefix, compared_with,
    input_fingerprint, rules_fingerprint, code_version, wants_approval, finished_at
from audit.build
"""

#: Why builds of each purpose combine the records of both lawful purposes. The log of processing has
#: an entry for each such build. Reproducing a publication makes its own entry.
_COMBINES = {
    "daily": "to compute the marts",
    "deadline": "to compute the position on a deadline day",
    "restate": "to find why figures have changed",
}


@dataclass(frozen=True)
class Build:
    """One computation of the marts. A published build and its publication have the same ID."""

    build_id: int
    run_id: str
    #: The moment in the world that the figures are for.
    as_at: datetime
    #: The newest batch that the build may see.
    known_batch_id: int
    #: The build uses only batches that were landed by this time.
    known_at: datetime
    purpose: Purpose
    #: The prefix of the build's schema names. Empty for the daily build.
    schema_prefix: str
    #: The publication with which the build's figures are compared.
    compared_with: int | None
    input_fingerprint: str | None
    rules_fingerprint: str | None
    code_version: str | None
    #: Whether a person must approve the build if it has warnings. This is the deployment's setting
    #: at the time the build was opened.
    wants_approval: bool
    #: When the build's last table was built.
    finished_at: datetime | None


def open_build(
    settings: Settings,
    run_id: str,
    as_at: datetime,
    purpose: Purpose = "daily",
    known_at: datetime | None = None,
    reproduces: int | None = None,
) -> Build:
    """Record a new build that uses only the batches landed by `known_at` (default: now).

    `reproduces` is the id of an earlier build that the new build recomputes. The new build then
    uses exactly the batches and the drills of the earlier build.
    """
    with connect(settings, role=ROLE) as warehouse:
        # A replay reserves its batch ID some time before it commits. Without the lock, the highest
        # known batch ID could be above the ID of a replay that is not yet committed. The replay's
        # rows would then appear while the build is running.
        take_in_transaction(warehouse, KNOWN_BATCHES)
        known_batch_id = int(
            one_value(
                warehouse,
                """
                select coalesce(
                    (select known_batch_id from audit.build where build_id = %(reproduces)s),
                    (
                        select max(batch_id)
                        from audit.batch
                        where landed_at <= coalesce(%(known_at)s::timestamptz, clock_timestamp())
                    ),
                    0
                )
                """,
                {"reproduces": reproduces, "known_at": known_at},
            )
        )
        # Drills are recorded under the same lock, so they are numbered in the order in which builds
        # see them.
        known_drill_id = int(
            one_value(
                warehouse,
                """
                select coalesce(
                    (select known_drill_id from audit.build where build_id = %(reproduces)s),
                    (select max(drill_id) from audit.restore_drill),
                    0
                )
                """,
                {"reproduces": reproduces},
            )
        )
        policy = policy_fingerprint(settings)
        build_id = one_value(
            warehouse,
            """
            insert into audit.build (
                run_id, as_at, known_batch_id, known_drill_id, known_at, purpose, schema_prefix,
                reproduces, input_fingerprint, policy_fingerprint, rules_fingerprint, code_version,
                wants_approval, second_person
            )
            values (
                %s, %s, %s, %s, coalesce(%s, clock_timestamp()), %s, %s, %s, %s, %s, %s, %s, %s, %s
            )
            returning build_id
            """,
            (
                run_id,
                as_at,
                known_batch_id,
                known_drill_id,
                known_at,
                purpose,
                schema_prefix(purpose),
                reproduces,
                _input_fingerprint(warehouse, known_batch_id, policy, as_at),
                policy,
                rules_fingerprint(settings),
                code_version(settings),
                purpose == "daily" and settings.approve_warnings,
                settings.second_person,
            ),
        )
        warehouse.execute(
            "insert into audit.build_force (build_id, force_code) values (%s, %s)",
            (build_id, settings.force_code),
        )
        if purpose in _COMBINES:
            what = (
                f"build {build_id} as at {as_at.isoformat()}: the general and the law enforcement "
                f"records up to batch {known_batch_id}"
            )
            enter(
                warehouse,
                "combination",
                what,
                because=_COMBINES[purpose],
                run_id=run_id,
                concerns=[build_mark(build_id)],
            )
    build = load_build(settings, build_id)
    with connect(settings, role=ROLE) as warehouse:
        for dataset in datasets().values():
            if dataset.kind == "database":
                _record_newest(warehouse, settings.force_code, build, dataset)
    return build


def _record_newest(
    warehouse: psycopg.Connection, force_code: str, build: Build, dataset: Dataset
) -> None:
    """Record the newest cursor value at or before the as-at moment in a dataset of a database.

    A batch says how far its cursor had come. So only the rows since the last batch that came
    further up to the as-at moment are read: on an ordinary day, those of yesterday and today.
    """
    [table] = dataset.tables
    raw = f"{dataset.raw_schema}.{table.name}"
    if not relation_exists(warehouse, raw):
        return
    values = {**vars(build), "force": force_code, "dataset": dataset.name}
    values["since"] = find_value(
        warehouse,
        """
        select coalesce(
            max(batch_id) filter (
                where
                    cursor_to <= %(as_at)s and cursor_to is distinct from cursor_from
                    -- If a record is dated in the future, the cursor stops at the source's clock.
                    and cursor_to < delivered_for and rows_new > 0
            ),
            min(batch_id)
        )
        from audit.batch
        where
            force_code = %(force)s and dataset = %(dataset)s and kind = 'database'
            and status = 'landed' and batch_id <= %(known_batch_id)s
        """,
        values,
    )
    cursor = sql.Identifier(dataset.database.cursor)
    warehouse.execute(
        sql.SQL(
            """
            insert into audit.newest_record (build_id, force_code, dataset, newest_at)
            select %(build_id)s, %(force)s, %(dataset)s, max({cursor})
            from {raw}
            where
                force_code = %(force)s and batch_id between %(since)s and %(known_batch_id)s
                and {cursor} <= %(as_at)s
            having max({cursor}) is not null
            """
        ).format(cursor=cursor, raw=sql.Identifier(dataset.raw_schema, table.name)),
        values,
    )


def load_build(settings: Settings, build_id: int) -> Build:
    """Open a connection, and return a build by its ID.

    Raises:
        AssuranceError: There is no such build.
    """
    with connect(settings, role=ROLE) as warehouse:
        return get_build(warehouse, build_id)


def get_build(connection: psycopg.Connection, build_id: int) -> Build:
    """Return a build by its ID.

    Raises:
        AssuranceError: There is no such build.
    """
    build = find_build(connection, build_id)
    if build is None:
        raise AssuranceError(f"There is no build {build_id}.")
    return build


def find_build(connection: psycopg.Connection, build_id: int) -> Build | None:
    """Return a build by its ID, or None."""
    return find_record(connection, Build, _SELECT + "where build_id = %s", (build_id,))


def find_daily_build(connection: psycopg.Connection, run_id: str | None = None) -> Build | None:
    """Return the latest daily build of one run or of all runs, or None."""
    which = (
        "where purpose = 'daily' and run_id = coalesce(%s, run_id) order by build_id desc limit 1"
    )
    return find_record(connection, Build, _SELECT + which, (run_id,))


def find_steps_build(connection: psycopg.Connection, prefix: str) -> Build | None:
    """Return the build whose intermediate tables are in the schemas with this prefix.

    Returns None if no build has made intermediate tables there.
    """
    which = "where schema_prefix = %s and steps_from is not null order by steps_from desc limit 1"
    return find_record(connection, Build, _SELECT + which, (prefix,))


def finish_build(settings: Settings, build: Build) -> None:
    """Record that every table of a build has been built."""
    with connect(settings, role=ROLE) as warehouse:
        warehouse.execute(
            "update audit.build set finished_at = clock_timestamp() where build_id = %s",
            (build.build_id,),
        )


def schema_prefix(purpose: Purpose) -> str:
    """Return the prefix of a purpose's dbt schemas, as the dbt macro of the same name does."""
    return "" if purpose == "daily" else f"{purpose}_"


def _input_fingerprint(
    warehouse: psycopg.Connection, known_batch_id: int, policy: str, as_at: datetime
) -> str:
    """Return the SHA-256 of a build's inputs: known deliveries, policy and as-at moment.

    The rules have a separate fingerprint.
    """
    deliveries = one_value(
        warehouse,
        """
        select coalesce(
            string_agg(
                encode(
                    sha256(convert_to(concat_ws(
                        '|', force_code, dataset, source_place,
                        extract(epoch from delivered_for), coalesce(sha256, ''), status
                    ), 'UTF8')), 'hex'
                ), '' order by batch_id
            ), ''
        )
        from audit.batch
        where batch_id <= %s
        """,
        (known_batch_id,),
    )
    return hashlib.sha256(f"{deliveries}|{policy}|{as_at.timestamp()}".encode()).hexdigest()
