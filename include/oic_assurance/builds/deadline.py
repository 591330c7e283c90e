"""Compute the deadline position of each point once, and store it permanently.

When the deadline day is over, all rules run once with the batches that were landed by the end of
that day. The stored position is shown in the columns whose names end with `_known_then`. Deliveries
that are landed later do not change it (mart contract, *Time*).
"""

from collections.abc import Mapping
from datetime import date, datetime, time

import psycopg
from psycopg import sql

from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.declared import read_declared
from oic_assurance.builds.engine import run_models
from oic_assurance.builds.marts import drop_schemas
from oic_assurance.builds.record import ROLE, Build, open_build
from oic_assurance.clock import LONDON
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_value, relation_exists

STATUS = "int_point_status_today"
# An SQL condition: a row of `point` applies on the as-at day of the daily build.
_IN_FORCE = """
(%(as_at)s::timestamptz at time zone 'Europe/London')::date
    between point.effective_from and coalesce(point.effective_to, 'infinity')
"""
# An SQL condition: by the end of the deadline day of `point`, a batch of at least one dataset on
# which the point's measure rests was landed.
_ANYTHING_KNOWN = """
exists (
    select
    from unnest(%(measures)s::text[], %(datasets)s::text[]) as rests_on (measure_code, dataset)
    inner join audit.batch as batch using (dataset)
    where
        rests_on.measure_code = point.measure_code
        and batch.status = 'landed'
        and batch.landed_at < (point.deadline + 1)::timestamp at time zone 'Europe/London'
)
"""
_TO_FREEZE = """
select distinct point.deadline
from policy.policy_point as point
where
    point.deadline < (%(as_at)s::timestamptz at time zone 'Europe/London')::date
    and {in_force}
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
    """Freeze each deadline position that is not yet frozen and whose deadline has passed.

    To freeze a position is to compute and store it once. If no batch of a point's datasets was
    landed by the end of its deadline day, the point gets no position, because nothing was known.
    Returns the codes of the points whose position this call has frozen.
    """
    frozen: list[str] = []
    for deadline in _deadlines_to_freeze(settings, build):
        then = _end_of(deadline)
        # The last run before the deadline recorded whether the sources were fresh at that time. The
        # build gets that run's ID, so that the rules use what that run recorded.
        run_id = _last_run_before(settings, then) or build.run_id
        computed = open_build(settings, run_id, then, "deadline", known_at=then)
        run_dbt(settings, "deadline", ["seed"])
        run_models(settings, "deadline", ["run", "--select", f"+{STATUS}"])
        with connect(settings, role=ROLE) as warehouse:
            rests_on = _what_measures_rest_on(settings)
            frozen += _freeze(warehouse, build, computed, deadline, rests_on)
            drop_schemas(warehouse, computed.schema_prefix)
    return frozen


def _deadlines_to_freeze(settings: Settings, build: Build) -> list[date]:
    """Return the deadline days that are over and for which a position must be frozen.

    A day is returned if at least one point with this deadline has no frozen position yet and if a
    batch of that point's datasets was landed by the end of the day.
    """
    with connect(settings, role=ROLE) as warehouse:
        if not relation_exists(warehouse, "policy.policy_point"):
            return []
        rows = warehouse.execute(
            sql.SQL(_TO_FREEZE).format(
                in_force=sql.SQL(_IN_FORCE), anything_known=sql.SQL(_ANYTHING_KNOWN)
            ),
            {"as_at": build.as_at, **_what_measures_rest_on(settings)},
        ).fetchall()
    return [row[0] for row in rows]


def _last_run_before(settings: Settings, then: datetime) -> str | None:
    """Return the ID of the run that began the last extraction at or before the moment `then`.

    Return None if no extraction had begun by then.
    """
    with connect(settings, role=ROLE) as warehouse:
        run_id: str | None = find_value(
            warehouse,
            """
            select run_id from audit.extraction where started_at <= %s
            order by started_at desc limit 1
            """,
            (then,),
        )
    return run_id


def _freeze(
    warehouse: psycopg.Connection,
    build: Build,
    computed: Build,
    deadline: date,
    rests_on: Mapping[str, list[str]],
) -> list[str]:
    """Store the computed position of each point that has this deadline in the daily build.

    Return the codes of the points whose position was stored.
    """
    rows = warehouse.execute(
        sql.SQL(
            """
            insert into audit.deadline_position (
                force_code, point_code, as_at, value, numerator, denominator, status
            )
            select
                status.force_code, status.point_code, %(then)s,
                status.numerator::double precision / nullif(status.denominator, 0),
                status.numerator, status.denominator, status.status
            from {intermediate}.int_point_status_today as status
            inner join {policy}.policy_point as point using (point_code)
            where
                point.deadline = %(deadline)s
                and {in_force}
                and {anything_known}
            on conflict do nothing
            returning point_code
            """
        ).format(
            intermediate=sql.Identifier(f"{computed.schema_prefix}intermediate"),
            policy=sql.Identifier(f"{computed.schema_prefix}policy"),
            in_force=sql.SQL(_IN_FORCE),
            anything_known=sql.SQL(_ANYTHING_KNOWN),
        ),
        {"as_at": build.as_at, "then": computed.as_at, "deadline": deadline, **rests_on},
    ).fetchall()
    return [str(row[0]) for row in rows]


def _what_measures_rest_on(settings: Settings) -> dict[str, list[str]]:
    """Return each measure with each dataset that it rests on, as two lists of the same length."""
    declared = read_declared(settings.project_root)
    pairs = [(code, dataset) for code in declared.measures for dataset in declared.rests_on(code)]
    return {"measures": [code for code, _ in pairs], "datasets": [name for _, name in pairs]}


def _end_of(day: date) -> datetime:
    """Return the last moment of a London day."""
    return datetime.combine(day, time.max, LONDON)
