"""The step tables of the publication with which a build is compared.

Step tables ("steps") are the intermediate tables from which figures are computed. Each run makes
new step tables. First it sets the current publication's step tables aside: it moves them to the
schema `compared_with`. So new and old figures can be compared record by record.

The publication's step tables are recomputed in two cases:

- the rules have changed since the publication, or
- the old step tables no longer exist, for example after a roll-back or an erasure.

The recomputation uses the publication's batches and as-at moment, but today's rules. If a
recomputed figure differs from the published figure, the rules are the cause. If the new figure
differs from the recomputed figure, the records are the cause.
"""

import psycopg
from psycopg import sql

from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.engine import run_models
from oic_assurance.builds.marts import drop_schemas
from oic_assurance.builds.recompute import open_recompute
from oic_assurance.builds.record import (
    ROLE,
    Build,
    Purpose,
    find_build,
    find_steps_build,
    get_build,
)
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_value, one_value

#: The step tables: what each record adds to each measure, the source records behind it, and the
#: units above each team. They hold pseudonyms and no officer's number.
STEPS = ("contribution", "evidence", "int_org_unit_ancestor")
INTERMEDIATE = "intermediate"
#: The restatement tables, which list the records that differ between the compared publication and
#: the build.
COMPARISONS = (
    "restated__contribution",
    "restated__changed_record",
    "restated__source_change",
    "restated__cause",
)
#: The schema for the compared publication's step tables, as computed with today's rules.
COMPARED = "compared_with"
#: The schema for the same step tables as they were published, if the rules have changed since.
COMPARED_OLD_RULES = "compared_with_old_rules"


def set_steps_aside(settings: Settings, build: Build) -> None:
    """Move the current publication's step tables to `compared_with`, before a build replaces them.

    Also writes the compared publication into the build's record. The call can be repeated, even
    after a failed build: step tables that were already moved stay where they are. Before the first
    publication there are no step tables to move.
    """
    with connect(settings, role=ROLE) as warehouse:
        publication_id = find_value(
            warehouse,
            "select publication_id from marts.publication where is_current and force_code = %s",
            (settings.force_code,),
        )
        published = find_build(warehouse, publication_id) if publication_id else None
        needs_recompute = published is not None and not _set_aside(warehouse, build, published)
        # These schemas hold personal data, and no run replaces their tables. So they are dropped.
        if published is None:
            _drop(warehouse, build, COMPARED, COMPARED_OLD_RULES)
        warehouse.execute(
            "update audit.build set compared_with = %s, steps_from = clock_timestamp() "
            "where build_id = %s",
            (published.build_id if published else None, build.build_id),
        )
    if published is not None and needs_recompute:
        _recompute(settings, build, published)


def drop_steps_set_aside(settings: Settings) -> None:
    """Drop the compared publication's step tables and the restatement tables made from them.

    All these tables can hold erased records. The next run makes them again without those records.
    """
    with connect(settings, role=ROLE) as warehouse:
        for name in COMPARISONS:
            warehouse.execute(
                sql.SQL("drop table if exists {} cascade").format(
                    sql.Identifier(INTERMEDIATE, name)
                )
            )
        for name in (COMPARED, COMPARED_OLD_RULES):
            warehouse.execute(
                sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(name))
            )


def recompute_steps(settings: Settings, publication_id: int, purpose: Purpose) -> Build:
    """Recompute a publication's step tables, in schemas whose names begin with the purpose.

    Returns the new build that records the recomputation.
    """
    with connect(settings, role=ROLE) as warehouse:
        earlier = get_build(warehouse, publication_id)
    recomputed = open_recompute(settings, earlier, purpose)
    run_dbt(settings, purpose, ["seed"])
    run_models(settings, purpose, ["run", "--select", *(f"+{step}" for step in STEPS)])
    return recomputed


def move_steps(warehouse: psycopg.Connection, place: str, target: str) -> None:
    """Create the schema `target`, and move the step tables of the schema `place` into it.

    The move waits until no session is reading the tables.
    """
    warehouse.execute(sql.SQL("create schema {}").format(sql.Identifier(target)))
    for step in STEPS:
        warehouse.execute(
            sql.SQL("alter table {} set schema {}").format(
                sql.Identifier(place, step), sql.Identifier(target)
            )
        )


def _set_aside(warehouse: psycopg.Connection, build: Build, published: Build) -> bool:
    """Move a publication's step tables to `compared_with`.

    If the rules have changed since the publication, moves the step tables to
    `compared_with_old_rules` instead. Moves nothing if `compared_with` already holds the step
    tables that an earlier build has recomputed with today's rules. Returns whether `compared_with`
    now holds step tables computed with today's rules. If not, the caller must recompute them.
    """
    today = build.rules_fingerprint
    latest = find_steps_build(warehouse, build.schema_prefix)
    place = _place(warehouse, build, published, latest)
    if published.rules_fingerprint == today:
        is_there = _replace(warehouse, build, COMPARED, place)
        if is_there:
            _drop(warehouse, build, COMPARED_OLD_RULES)
        return is_there
    is_recomputed = (
        latest is not None
        and latest.compared_with == published.build_id
        and latest.rules_fingerprint == today
        and _is_complete(warehouse, build, COMPARED)
    )
    if is_recomputed:
        return True
    if not _replace(warehouse, build, COMPARED_OLD_RULES, place):
        _drop(warehouse, build, COMPARED_OLD_RULES)
    _drop(warehouse, build, COMPARED)
    return False


def _place(
    warehouse: psycopg.Connection, build: Build, published: Build, latest: Build | None
) -> str | None:
    """Return the schema that holds a publication's step tables as they were published.

    Returns None if no schema has all of them. `latest` is the build whose step tables are in the
    intermediate schema. The step tables in `compared_with` and `compared_with_old_rules` belong to
    the publication that `latest` was compared with.
    """
    place = None
    if latest is not None and latest.build_id == published.build_id:
        place = INTERMEDIATE
    elif latest is not None and latest.compared_with == published.build_id:
        is_same = latest.rules_fingerprint == published.rules_fingerprint
        place = COMPARED if is_same else COMPARED_OLD_RULES
    return place if place and _is_complete(warehouse, build, place) else None


def _replace(warehouse: psycopg.Connection, build: Build, target: str, place: str | None) -> bool:
    """Drop the schema `target`, and move the step tables in schema `place` into a new `target`.

    If `place` equals `target`, nothing changes. If `place` is None, `target` is only dropped.
    Returns whether `target` holds the step tables afterwards.
    """
    if place is None:
        _drop(warehouse, build, target)
        return False
    if place != target:
        _drop(warehouse, build, target)
        move_steps(warehouse, build.schema_prefix + place, build.schema_prefix + target)
    return True


def _recompute(settings: Settings, build: Build, published: Build) -> None:
    """Recompute a publication's step tables with today's rules; move them to `compared_with`."""
    recomputed = recompute_steps(settings, published.build_id, "restate")
    with connect(settings, role=ROLE) as warehouse:
        _drop(warehouse, build, COMPARED)
        move_steps(
            warehouse,
            recomputed.schema_prefix + INTERMEDIATE,
            build.schema_prefix + COMPARED,
        )
        drop_schemas(warehouse, recomputed.schema_prefix)


def _is_complete(warehouse: psycopg.Connection, build: Build, place: str) -> bool:
    """Return whether a schema holds every step table."""
    has_all = one_value(
        warehouse,
        """
        select count(*) = %s
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
        where n.nspname = %s and c.relname = any(%s) and c.relkind = 'r'
        """,
        (len(STEPS), build.schema_prefix + place, list(STEPS)),
    )
    return bool(has_all)


def _drop(warehouse: psycopg.Connection, build: Build, *places: str) -> None:
    for place in places:
        warehouse.execute(
            sql.SQL("drop schema if exists {} cascade").format(
                sql.Identifier(build.schema_prefix + place)
            )
        )
