"""The position at a deadline as it was known then: computed once, after the deadline, and frozen.

Nothing that is learned later can change it, so the whole of the rules is run just this once with
what had been landed by then (mart contract, Time: "Only …_known_then uses what had been landed by
the deadline").
"""

from datetime import date, datetime, time

import psycopg
from psycopg import sql

from oic_assurance.builds.build import ROLE, Build, drop_schemas, open_build
from oic_assurance.builds.dbt import run_dbt
from oic_assurance.clock import LONDON
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect

STATUS = "int_point_status"
# Of `point`: whether anything that it rests on had landed by the end of its deadline.
_ANYTHING_KNOWN = """
exists (
    select
    from {policy}.policy_point_dataset as rests_on
    inner join audit.batch as batch using (dataset)
    where
        rests_on.point_code = point.point_code
        and batch.status = 'landed'
        and batch.landed_at < (point.deadline + 1)::timestamp at time zone 'Europe/London'
)
"""
_TO_FREEZE = """
select distinct point.deadline
from policy.policy_point as point
where
    point.deadline < (%(as_at)s::timestamptz at time zone 'Europe/London')::date
    and {anything_known}
    and not exists (
        select
        from audit.deadline_position as frozen
        where
            frozen.point_code = point.point_code
            and frozen.as_at >= point.deadline::timestamp at time zone 'Europe/London'
    )
order by 1
"""


def freeze_deadlines(settings: Settings, build: Build) -> list[str]:
    """Enter the position of each point whose deadline has passed and is not frozen yet.

    A point of which nothing had been landed by its deadline gets none: nothing was known then.
    Returns the codes of the points that were entered.
    """
    frozen: list[str] = []
    for deadline in _deadlines_to_freeze(settings, build):
        then = _end_of(deadline)
        # Whether its sources were fresh is what the last run of the time had seen of them.
        run_id = _run_of_the_time(settings, then) or build.run_id
        beside = open_build(settings, run_id, then, "deadline", known_at=then)
        run_dbt(settings, "deadline", ["seed"])
        run_dbt(settings, "deadline", ["run", "--select", f"+{STATUS}"])
        with connect(settings, role=ROLE) as warehouse:
            frozen += _enter(warehouse, beside, deadline)
            drop_schemas(warehouse, beside.schema_prefix)
    return frozen


def _deadlines_to_freeze(settings: Settings, build: Build) -> list[date]:
    """Return the deadlines of points of which something was known then, and that are not frozen."""
    with connect(settings, role=ROLE) as warehouse:
        if not _exists(warehouse, "policy.policy_point"):
            return []
        rows = warehouse.execute(
            sql.SQL(_TO_FREEZE).format(anything_known=_anything_known("policy")),
            {"as_at": build.as_at},
        ).fetchall()
    return [row[0] for row in rows]


def _run_of_the_time(settings: Settings, then: datetime) -> str | None:
    """Return the run that had last tried to extract anything by a moment."""
    with connect(settings, role=ROLE) as warehouse:
        row = warehouse.execute(
            """
            select run_id from audit.extraction where started_at <= %s
            order by started_at desc limit 1
            """,
            (then,),
        ).fetchone()
    return row[0] if row else None


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
            where
                point.deadline = %(deadline)s
                and {anything_known}
            on conflict do nothing
            returning point_code
            """
        ).format(
            intermediate=sql.Identifier(f"{beside.schema_prefix}intermediate"),
            policy=sql.Identifier(f"{beside.schema_prefix}policy"),
            anything_known=_anything_known(f"{beside.schema_prefix}policy"),
        ),
        {"as_at": beside.as_at, "deadline": deadline},
    ).fetchall()
    return [str(row[0]) for row in rows]


def _anything_known(policy: str) -> sql.Composable:
    return sql.SQL(_ANYTHING_KNOWN).format(policy=sql.Identifier(policy))


def _end_of(day: date) -> datetime:
    """Return the last moment of a London day."""
    return datetime.combine(day, time.max, LONDON)


def _exists(warehouse: psycopg.Connection, relation: str) -> bool:
    row = warehouse.execute("select to_regclass(%s) is not null", (relation,)).fetchone()
    return bool(row and row[0])
