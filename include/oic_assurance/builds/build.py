"""One computation of the marts: what it may see, and the stages it is built in."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from oic_assurance.builds.dbt import Node, forget_project, run_dbt
from oic_assurance.builds.evidence import store_test_results
from oic_assurance.builds.test_results import enter_due_tests, enter_tested
from oic_assurance.builds.version import (
    code_version,
    policy_fingerprint,
    rules_fingerprint,
)
from oic_assurance.errors import AssuranceError, GateBlocked
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

Purpose = Literal["daily", "deadline", "reproduce", "restate"]
CANDIDATES = ("candidate", "candidate_public")
SEALED = "tag:sealed"
ROLE = "oic_transform"


@dataclass(frozen=True)
class Build:
    """A build's id (the publication's too, when it is published) and what it computes from."""

    build_id: int
    run_id: str
    as_at: datetime
    known_batch_id: int
    purpose: Purpose
    schema_prefix: str


def open_build(
    settings: Settings,
    run_id: str,
    as_at: datetime,
    purpose: Purpose = "daily",
    known_at: datetime | None = None,
    reproduces: int | None = None,
) -> Build:
    """Enter a build that sees what has landed by `known_at` (or so far), and nothing later.

    One that computes an earlier build again names it, and sees the very batches that it saw.
    """
    with connect(settings, role=ROLE) as warehouse:
        # A replay at work has taken its number already: it must not appear among what is known.
        warehouse.execute("select pg_advisory_xact_lock(hashtextextended('known batches', 0))")
        known = warehouse.execute(
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
        ).fetchone()
        known_batch_id = int(known[0]) if known else 0
        policy = policy_fingerprint(settings)
        row = warehouse.execute(
            """
            insert into audit.build (
                run_id, as_at, known_batch_id, known_at, purpose, schema_prefix, reproduces,
                input_fingerprint, policy_fingerprint, rules_fingerprint, code_version,
                wants_approval
            )
            values (%s, %s, %s, coalesce(%s, clock_timestamp()), %s, %s, %s, %s, %s, %s, %s, %s)
            returning build_id
            """,
            (
                run_id, as_at, known_batch_id, known_at, purpose, schema_prefix(purpose),
                reproduces, _input_fingerprint(warehouse, known_batch_id, policy, as_at), policy,
                rules_fingerprint(settings), code_version(settings),
                purpose == "daily" and settings.approve_warnings,
            ),
        ).fetchone()  # fmt: skip
        if row is None:
            raise AssuranceError(f"{run_id}: the build could not be entered.")
        warehouse.execute(
            "insert into audit.build_force (build_id, force_code) values (%s, %s)",
            (row[0], settings.force_code),
        )
    return load_build(settings, row[0])


def load_build(settings: Settings, build_id: int) -> Build:
    """Return a build that was opened before, by its id."""
    with connect(settings, role=ROLE) as warehouse:
        cursor = warehouse.cursor(row_factory=class_row(Build))
        build = cursor.execute(
            """
            select build_id, run_id, as_at, known_batch_id, purpose, schema_prefix
            from audit.build
            where build_id = %s
            """,
            (build_id,),
        ).fetchone()
    if build is None:
        raise AssuranceError(f"There is no build {build_id}.")
    return build


def schema_prefix(purpose: Purpose) -> str:
    """Return what stands before each dbt schema's name, as dbt's macro of the same name does it."""
    return "" if purpose == "daily" else f"{purpose}_"


def build_marts(settings: Settings, build: Build) -> None:
    """Build every mart but the sealed ones into an empty candidate, and keep dbt's test results."""
    _check_purpose(build)
    _drop_candidate(settings, build)
    forget_project()
    enter_due_tests(settings, build.build_id, build.purpose)
    _build(settings, build, "marts", ["--exclude", SEALED])


def seal_marts(settings: Settings, build: Build) -> None:
    """Build the marts that quote the gate's verdict, once the rest was audited."""
    _check_purpose(build)
    _build(settings, build, "sealed", ["--select", SEALED])
    finish_build(settings, build)


def finish_build(settings: Settings, build: Build) -> None:
    """Enter that all of a build stands."""
    with connect(settings, role=ROLE) as warehouse:
        warehouse.execute(
            "update audit.build set finished_at = clock_timestamp() where build_id = %s",
            (build.build_id,),
        )


def drop_schemas(warehouse: psycopg.Connection, prefix: str) -> None:
    """Leave nothing of the builds beside whose schemas begin so: their rows are other people's."""
    if not prefix:
        raise AssertionError("the daily build's schemas have no prefix")
    names = warehouse.execute(
        "select nspname from pg_catalog.pg_namespace where starts_with(nspname, %s)"
        " and pg_has_role(nspowner, 'USAGE')",
        (prefix,),
    ).fetchall()
    for (name,) in names:
        warehouse.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))


def _check_purpose(build: Build) -> None:
    if build.purpose not in get_args(Purpose):
        raise AssuranceError(f"Build {build.build_id}: dbt has no target '{build.purpose}'.")


def _build(settings: Settings, build: Build, stage: str, selection: list[str]) -> None:
    # Unit tests prove the rules when they change, not the data of the day.
    arguments = ["build", "--exclude-resource-type", "unit_test", *selection]
    nodes = run_dbt(settings, build.purpose, arguments)
    # Together or not at all: no result is about other tables than those on record.
    with connect(settings, role=ROLE) as warehouse:
        enter_tested(warehouse, build.build_id, _candidates(build), nodes)
        store_test_results(warehouse, build.build_id, f"dbt_{stage}", nodes)
    failed = [node for node in nodes if node.blocks]
    if failed:
        raise GateBlocked(_reason(failed))


def _reason(failed: list[Node]) -> str:
    first = failed[0]
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return f"dbt test {first.name}: {first.message}{more}"


def _drop_candidate(settings: Settings, build: Build) -> None:
    with connect(settings, role=ROLE) as warehouse:
        for schema in _candidates(build):
            warehouse.execute(
                sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema))
            )


def _candidates(build: Build) -> list[str]:
    return [build.schema_prefix + schema for schema in CANDIDATES]


def _input_fingerprint(
    warehouse: psycopg.Connection, known_batch_id: int, policy: str, as_at: datetime
) -> str:
    """Return the SHA-256 of what the figures can depend on: deliveries, policy and the moment."""
    row = warehouse.execute(
        """
        select string_agg(
            encode(
                sha256(convert_to(concat_ws(
                    '|', force_code, dataset, source_place,
                    extract(epoch from delivered_for), coalesce(sha256, ''), status
                ), 'UTF8')), 'hex'
            ), '' order by batch_id
        )
        from audit.batch
        where batch_id <= %s
        """,
        (known_batch_id,),
    ).fetchone()
    deliveries = (row[0] if row else None) or ""
    return hashlib.sha256(f"{deliveries}|{policy}|{as_at.timestamp()}".encode()).hexdigest()
