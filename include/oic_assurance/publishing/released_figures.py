"""What the public was ever shown, kept after the generations that showed it have gone.

A release is held against all that went before it (docs/disclosure-control.md), so the record is
made in the transaction that shows the release, and nobody takes away from it.
"""

import psycopg
from psycopg import sql

from oic_assurance.publishing.errors import NotPublishableError
from oic_assurance.publishing.schemas import GENERATION, PUBLIC_RELEASE

# A period's rows belong together: when the force's figure is another, all of them are entered.
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

_ENTER = """
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
    """Return the table of a generation that holds its released periods."""
    return sql.Identifier(GENERATION, PUBLIC_RELEASE.partition("assurance_period", build_id))


def enter_released(conn: psycopg.Connection, shown: sql.Identifier, build_id: int) -> int:
    """Enter the figures that a build is the first to show the public; return how many.

    `shown` is its table of released periods. A build that began before another one told the public
    something does not know of it, and the two could be subtracted: it is refused.
    """
    new = sql.SQL(_NEW).format(shown=shown)
    if conn.execute(sql.SQL("select exists ({})").format(new)).fetchone() != (True,):
        return 0
    unseen = conn.execute(_UNSEEN, (build_id,)).fetchone()
    if unseen is not None and unseen[0] is not None:
        raise NotPublishableError(
            f"publication {unseen[0]} has released figures since it began: a new run is needed"
        )
    return conn.execute(sql.SQL(_ENTER).format(shown=shown, new=new)).rowcount
