"""Record every figure that was ever released to the public.

Each release is compared with all earlier releases: see docs/explanation/disclosure-control.md. So
figures are recorded in the transaction that makes a release current. They are never deleted, even
when the generation is dropped.
"""

import psycopg
from psycopg import sql

from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.schemas import GENERATION, PUBLIC_RELEASE
from oic_assurance.warehouse.rows import one_value

# The measures and periods for which the figure of the whole force differs from the last released
# one. For these measures and periods, the figures of all units are recorded.
_NEW = """
select shown.force_code, shown.measure_code, shown.period_start, shown.period_end
from {shown} as shown
left join lateral (
    select released.numerator, released.denominator
    from audit.released_figure as released
    where released.force_code = shown.force_code
        and released.measure_code = shown.measure_code
        and released.period_start = shown.period_start
        and released.period_end = shown.period_end
        and released.org_unit_code = 'ALL'
    order by released.publication_id desc
    limit 1
) as latest on true
where shown.org_unit_code = 'ALL'
    and (shown.numerator, shown.denominator)
        is distinct from (latest.numerator, latest.denominator)
"""

_RECORD = """
insert into audit.released_figure (
    publication_id, force_code, measure_code, period_start, period_end, org_unit_code, numerator,
    denominator
)
select shown.publication_id, shown.force_code, shown.measure_code, shown.period_start,
    shown.period_end, shown.org_unit_code, shown.numerator, shown.denominator
from {shown} as shown
inner join ({new}) as new using (force_code, measure_code, period_start, period_end)
"""

_UNSEEN = """
select max(released.publication_id)
from audit.released_figure as released
where released.released_at > (select known_at from audit.build where build_id = %s)
"""


def released_periods(build_id: int) -> sql.Identifier:
    """Return the name of the table with a publication's released figures by period."""
    return sql.Identifier(GENERATION, PUBLIC_RELEASE.partition("assurance_period", build_id))


def record_released(conn: psycopg.Connection, shown: sql.Identifier, build_id: int) -> int:
    """Record the figures that a build is the first to release, and return how many were recorded.

    `shown` is the build's table of released figures by period.

    Raises:
        NotPublishableError: Another publication has released figures since the build was opened, so
            the build has not taken them into account. A reader could subtract figures of the two
            releases from each other and find a hidden number.
    """
    new = sql.SQL(_NEW).format(shown=shown)
    if not one_value(conn, sql.SQL("select exists ({})").format(new)):
        return 0
    unseen = one_value(conn, _UNSEEN.encode(), (build_id,))
    if unseen is not None:
        raise NotPublishableError(
            f"publication {unseen} has released figures since it began: a new run is needed"
        )
    return conn.execute(sql.SQL(_RECORD).format(shown=shown, new=new)).rowcount
