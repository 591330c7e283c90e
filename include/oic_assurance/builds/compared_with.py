"""What the publication before was made of, kept to say why its figures have changed since.

A run replaces the tables between raw and marts. Those that figures are made of are set aside,
which moves nothing but their names, so that new figures can be compared with old ones record by
record. Where the rules have changed since, or the tables are gone (a publication was rolled back,
an erasure took them), the old ones are computed once more: from what was known then, as at that
moment, by today's rules. What then differs from the publication is the rules' doing, and what
differs from the new figures is the records'.
"""

from dataclasses import dataclass
from typing import TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from oic_assurance.builds.build import ROLE, Build, Purpose, drop_schemas
from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.recompute import knowledge_of, open_again
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

#: Every figure follows from these and the policy seeds.
STEPS = (
    "int_nccu_referral_class", "int_immigration_custody", "int_training_person",
    "int_training_requirement", "int_plan_day", "int_org_unit_ancestor", "int_measure_month",
)  # fmt: skip
INTERMEDIATE = "intermediate"
#: What names the records in which two publications differ.
COMPARISONS = ("int_restated_leaf", "int_restated_member", "int_restated_cause")
#: By today's rules; and by those of its time, where they were others.
BEFORE, BEFORE_THEN = "before", "before_then"

_Row = TypeVar("_Row")
_PUBLISHED = """
select build_id, rules_fingerprint from audit.build where build_id = %(id)s
"""
# A build that was published is compared, when it is built again, with what it was compared with.
_SHOWN = """
select case when p.publication_id = b.build_id then b.compared_with else p.publication_id end
from marts.publication as p cross join audit.build as b
where p.is_current and p.force_code = %s and b.build_id = %s
"""
_HOLDER = """
select build_id, compared_with, rules_fingerprint
from audit.build
where schema_prefix = %(prefix)s and steps_from is not null
order by steps_from desc
limit 1
"""


@dataclass(frozen=True)
class _Published:
    """The publication that readers see, and the rules it was computed by."""

    build_id: int
    rules_fingerprint: str | None


@dataclass(frozen=True)
class _Holder:
    """The build whose steps stand in the tables now; what it set aside are its predecessor's."""

    build_id: int
    compared_with: int | None
    rules_fingerprint: str | None


def keep_steps(settings: Settings, build: Build) -> None:
    """Set aside what a publication was made of, the current one's before a build takes its place.

    Repeated, or after a build that failed, it finds them where they are. Enters in the build which
    publication it is compared with; without one there is nothing to set aside.
    """
    with connect(settings, role=ROLE) as warehouse:
        row = warehouse.execute(_SHOWN, (settings.force_code, build.build_id)).fetchone()
        compared_with = row[0] if row else None
        published = _one(warehouse, _Published, _PUBLISHED, id=compared_with)
        is_computed = published is None or _set_aside(warehouse, build, published)
        if published is None:
            _drop(warehouse, build, BEFORE, BEFORE_THEN)
        warehouse.execute(
            "update audit.build set compared_with = %s, steps_from = clock_timestamp() "
            "where build_id = %s",
            (published.build_id if published else None, build.build_id),
        )
    if published is not None and not is_computed:
        _compute_again(settings, build, published)


def forget_steps(settings: Settings) -> None:
    """Drop what was set aside, and the comparison with it: both can hold what was erased since.

    The next run makes them again, without it.
    """
    with connect(settings, role=ROLE) as warehouse:
        for name in COMPARISONS:
            warehouse.execute(
                sql.SQL("drop table if exists {} cascade").format(
                    sql.Identifier(INTERMEDIATE, name)
                )
            )
        for name in (BEFORE, BEFORE_THEN):
            warehouse.execute(
                sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(name))
            )


def _set_aside(warehouse: psycopg.Connection, build: Build, published: _Published) -> bool:
    """Put the publication's steps into their places; tell whether today's rules are among them."""
    today = _rules(warehouse, build)
    holder = _one(warehouse, _Holder, _HOLDER, prefix=build.schema_prefix)
    then = _place(warehouse, build, published, holder)
    if published.rules_fingerprint == today:
        return _replace(warehouse, build, BEFORE, then) and _drop(warehouse, build, BEFORE_THEN)
    is_there = (
        holder is not None
        and holder.compared_with == published.build_id
        and holder.rules_fingerprint == today
        and _is_whole(warehouse, build, BEFORE)
    )
    if is_there:
        return True
    if not _replace(warehouse, build, BEFORE_THEN, then):
        _drop(warehouse, build, BEFORE_THEN)
    _drop(warehouse, build, BEFORE)
    return False


def _place(
    warehouse: psycopg.Connection, build: Build, published: _Published, holder: _Holder | None
) -> str | None:
    """Return the schema in which the publication's steps stand as they were published, or None."""
    place = None
    if holder is not None and holder.build_id == published.build_id:
        place = INTERMEDIATE
    elif holder is not None and holder.compared_with == published.build_id:
        is_same = holder.rules_fingerprint == published.rules_fingerprint
        place = BEFORE if is_same else BEFORE_THEN
    return place if place and _is_whole(warehouse, build, place) else None


def _replace(warehouse: psycopg.Connection, build: Build, target: str, place: str | None) -> bool:
    """Move the steps from a place to another, and tell whether they are there."""
    if place is None:
        _drop(warehouse, build, target)
        return False
    if place != target:
        _drop(warehouse, build, target)
        move_steps(warehouse, build.schema_prefix + place, build.schema_prefix + target)
    return True


def move_steps(warehouse: psycopg.Connection, place: str, target: str) -> None:
    """Move the steps' tables to a schema of their own; who reads them is waited for."""
    warehouse.execute(sql.SQL("create schema {}").format(sql.Identifier(target)))
    for step in STEPS:
        warehouse.execute(
            sql.SQL("alter table {} set schema {}").format(
                sql.Identifier(place, step), sql.Identifier(target)
            )
        )


def _compute_again(settings: Settings, build: Build, published: _Published) -> None:
    """Compute the publication's steps by today's rules from what it knew, in schemas beside."""
    beside = compute_steps(settings, published.build_id, "restate")
    with connect(settings, role=ROLE) as warehouse:
        _drop(warehouse, build, BEFORE)
        move_steps(warehouse, beside.schema_prefix + INTERMEDIATE, build.schema_prefix + BEFORE)
        drop_schemas(warehouse, beside.schema_prefix)


def compute_steps(settings: Settings, publication_id: int, purpose: Purpose) -> Build:
    """Compute what a publication was made of once more, in the schemas of a purpose."""
    with connect(settings, role=ROLE) as warehouse:
        known = knowledge_of(warehouse, publication_id)
    beside = open_again(settings, known, purpose)
    run_dbt(settings, purpose, ["seed"])
    run_dbt(settings, purpose, ["run", "--select", *(f"+{step}" for step in STEPS)])
    return beside


def _rules(warehouse: psycopg.Connection, build: Build) -> str | None:
    row = warehouse.execute(
        "select rules_fingerprint from audit.build where build_id = %s", (build.build_id,)
    ).fetchone()
    return row[0] if row else None


def _is_whole(warehouse: psycopg.Connection, build: Build, place: str) -> bool:
    row = warehouse.execute(
        """
        select count(*) = %s
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
        where n.nspname = %s and c.relname = any(%s) and c.relkind = 'r'
        """,
        (len(STEPS), build.schema_prefix + place, list(STEPS)),
    ).fetchone()
    return bool(row and row[0])


def _drop(warehouse: psycopg.Connection, build: Build, *places: str) -> bool:
    for place in places:
        warehouse.execute(
            sql.SQL("drop schema if exists {} cascade").format(
                sql.Identifier(build.schema_prefix + place)
            )
        )
    return True


def _one(
    warehouse: psycopg.Connection, kind: type[_Row], query: str, **values: object
) -> _Row | None:
    return warehouse.cursor(row_factory=class_row(kind)).execute(query.encode(), values).fetchone()
