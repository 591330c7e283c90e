"""The position at a deadline as it was known then: computed once, after the deadline, and frozen.

Nothing that is learned later can change it, so the whole of the rules is run just this once with
what had been landed by then (mart contract, Time: "Only …_known_then uses what had been landed by
the deadline").
"""

from datetime import date, datetime, time

import psycopg
from psycopg import sql

from oic_assurance.clock import LONDON
from oic_assurance.settings import Settings
from oic_assurance.transform.build import ROLE, Build, drop_schemas, open_build
from oic_assurance.transform.dbt import run_dbt
from oic_assurance.warehouse.connections import connect

STATUS = "int_point_status"


def freeze_deadlines(settings: Settings, build: Build) -> list[str]:
    """Enter the position of each point whose deadline has passed and is not frozen yet.

    A point of which nothing had been landed by its deadline gets none: nothing was known then.
    Returns the codes of the points that were entered.
    """
    frozen: list[str] = []
    for deadline in _deadlines_to_freeze(settings, build):
        then = _end_of(deadline)
        beside = open_build(settings, build.run_id, then, "deadline", known_at=then)
        run_dbt(settings, "deadline", ["seed"])
        run_dbt(settings, "deadline", ["run", "--select", f"+{STATUS}"])
        with connect(settings, role=ROLE) as warehouse:
            frozen += _enter(warehouse, beside, deadline)
            drop_schemas(warehouse, beside.schema_prefix)
    return frozen


def _deadlines_to_freeze(settings: Settings, build: Build) -> list[date]:
    """Return the deadlines before which something had been landed, and that are not frozen yet."""
    with connect(settings, role=ROLE) as warehouse:
        if not _exists(warehouse, "policy.policy_point"):
            return []
        rows = warehouse.execute(
            """
            select distinct point.deadline
            from policy.policy_point as point
            where
                point.deadline < (%(as_at)s::timestamptz at time zone 'Europe/London')::date
                and exists (
                    select
                    from audit.batch
                    where landed_at < (point.deadline + 1)::timestamp at time zone 'Europe/London'
                )
                and not exists (
                    select
                    from audit.deadline_position as frozen
                    where
                        frozen.point_code = point.point_code
                        and frozen.as_at
                        >= point.deadline::timestamp at time zone 'Europe/London'
                )
            order by 1
            """,
            {"as_at": build.as_at},
        ).fetchall()
    return [row[0] for row in rows]


def _enter(warehouse: psycopg.Connection, beside: Build, deadline: date) -> list[str]:
    rows = warehouse.execute(
        sql.SQL(
            """
            insert into audit.deadline_position (
                force_code, point_code, as_at, value, numerator, denominator, status
            )
            select
                status.force_code, status.point_code, %(as_at)s,
                status.numerator::double precision / nullif(status.denominator, 0),
                status.numerator, status.denominator, status.status
            from {intermediate}.int_point_status as status
            inner join {policy}.policy_point as point using (point_code)
            where point.deadline = %(deadline)s
            on conflict do nothing
            returning point_code
            """
        ).format(
            intermediate=sql.Identifier(f"{beside.schema_prefix}intermediate"),
            policy=sql.Identifier(f"{beside.schema_prefix}policy"),
        ),
        {"as_at": beside.as_at, "deadline": deadline},
    ).fetchall()
    return [str(row[0]) for row in rows]


def _end_of(day: date) -> datetime:
    """Return the last moment of a London day."""
    return datetime.combine(day, time.max, LONDON)


def _exists(warehouse: psycopg.Connection, relation: str) -> bool:
    row = warehouse.execute("select to_regclass(%s) is not null", (relation,)).fetchone()
    return bool(row and row[0])
