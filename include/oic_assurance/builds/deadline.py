"""Compute the deadline position of each point once, and store it permanently.

When the deadline day is over, all rules run once with the batches that were landed by the end of
that day. The stored position is shown in the columns whose names end with `_known_then`. Deliveries
that are landed later do not change it (mart contract, *Time*).
"""

from datetime import date, datetime, time

import psycopg
from psycopg import sql

from oic_assurance.builds.dbt import run_dbt
from oic_assurance.builds.declared import read_declared
from oic_assurance.builds.engine import run_models
from oic_assurance.builds.marts import drop_schemas
from oic_assurance.builds.record import ROLE, Build, open_build
from oic_assurance.builds.seeds import FROM, TO, read_seed
from oic_assurance.clock import LONDON
from oic_assurance.settings import Settings
from oic_assurance.warehouse.connections import connect
from oic_assurance.warehouse.rows import find_value


def freeze_deadlines(settings: Settings, build: Build) -> list[str]:
    """Freeze each deadline position that is not yet frozen and whose deadline has passed.

    To freeze a position is to compute and store it once. If no batch of a point's datasets was
    landed by the end of its deadline day, the point gets no position, because nothing was known.
    Returns the codes of the points whose position this call has frozen.
    """
    frozen: list[str] = []
    for deadline, points in _points_to_freeze(settings, build).items():
        then = datetime.combine(deadline, time.max, LONDON)
        # The last run before the deadline recorded whether the sources were fresh at that time. The
        # build gets that run's ID, so that the rules use what that run recorded.
        run_id = _last_run_before(settings, then) or build.run_id
        computed = open_build(settings, run_id, then, "deadline", known_at=then)
        run_dbt(settings, "deadline", ["seed"])
        run_models(settings, "deadline", ["run", "--select", "+int_point_status_today"])
        with connect(settings, role=ROLE) as warehouse:
            frozen += _freeze(warehouse, computed, points)
            drop_schemas(warehouse, computed.schema_prefix)
    return frozen


def _points_to_freeze(settings: Settings, build: Build) -> dict[date, list[str]]:
    """Return the points whose position must be frozen, by their deadline day.

    These are the points of the policy in force on the as-at day whose deadline day is over, whose
    position on that day is not frozen, and of whose datasets a batch was landed by its end. The
    policy is read from its seed, because the tables still hold what the build before has loaded.
    """
    today = build.as_at.astimezone(LONDON).date()
    with connect(settings, role=ROLE) as warehouse:
        frozen = warehouse.execute(
            "select point_code, (as_at at time zone 'Europe/London')::date "
            "from audit.deadline_position"
        ).fetchall()
        first_day: dict[str, date] = dict(
            warehouse.execute(
                """
                select dataset, min((landed_at at time zone 'Europe/London')::date)
                from audit.batch
                where status = 'landed'
                group by dataset
                """
            ).fetchall()
        )
    declared = read_declared(settings.project_root)
    points: dict[date, list[str]] = {}
    for row in read_seed(settings.project_root, "policy_point").rows:
        code, deadline = row["point_code"], row["deadline"]
        if (
            row[FROM] <= today <= (row[TO] or date.max)
            and deadline is not None
            and deadline < today
            and (code, deadline) not in frozen
            and any(
                first_day.get(dataset, date.max) <= deadline
                for dataset in declared.rests_on(row["measure_code"])
            )
        ):
            points.setdefault(deadline, []).append(code)
    return dict(sorted(points.items()))


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


def _freeze(warehouse: psycopg.Connection, computed: Build, points: list[str]) -> list[str]:
    """Store the computed positions of points. Return the codes of those that were stored."""
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
            from {}.int_point_status_today as status
            where status.point_code = any (%(points)s)
            on conflict do nothing
            returning point_code
            """
        ).format(sql.Identifier(f"{computed.schema_prefix}intermediate")),
        {"then": computed.as_at, "points": points},
    ).fetchall()
    return [str(row[0]) for row in rows]
