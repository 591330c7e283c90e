"""What may go to the public of the national view."""

from expectations.national.marts.no_rank import no_rank
from expectations.shared.code_lists import CHECKLISTS, any_of
from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, has_columns, no_rows, sql

_NOT_RELEASED_BY_THE_FORCE = """
with released as (
    select distinct on (reporting_force_code, point_code)
        reporting_force_code, point_code, release_id, is_suppressed, numerator, denominator
    from {raw_general}.force_released
    where batch_id <= {known_batch_id} and version_at <= {as_at}
    order by reporting_force_code, point_code, version_at desc, batch_id desc
)
select shown.area_code, shown.point_code
from {rows} as shown
left join released
    on shown.area_code = released.reporting_force_code
    and shown.point_code = released.point_code
where shown.area_kind = 'FORCE'
    and not shown.is_withheld
    and (
        released.release_id is null
        or released.is_suppressed
        or (shown.numerator, shown.denominator)
        is distinct from (released.numerator, released.denominator)
    )
"""

# A total of exactly the shown figures tells nothing that they do not tell.
_NOT_A_SUM_OF_SHOWN = """
select total.area_code, total.point_code
from {rows} as total
cross join lateral (
    select
        sum(part.numerator) as numerator, sum(part.denominator) as denominator,
        count(*) as forces_shown
    from {rows} as part
    inner join {candidate}.national_force_state as force
        on part.area_code = force.reporting_force_code
    where part.area_kind = 'FORCE'
        and not part.is_withheld
        and part.point_code = total.point_code
        and (part.figures_from, part.figures_to) = (total.figures_from, total.figures_to)
        and (total.area_kind = 'NATIONAL' or force.comparison_group = total.area_code)
) as added
where total.area_kind <> 'FORCE'
    and (total.numerator, total.denominator, total.forces_shown)
        is distinct from (added.numerator, added.denominator, added.forces_shown)
"""

_SMALL = """
with policy as (
    select min(value) as smallest
    from {policy}.policy_national
    where name = 'suppression_threshold'
        and date({as_at} at time zone 'Europe/London')
        between effective_from and coalesce(effective_to, 'infinity')
)
select shown.area_code, shown.point_code
from {rows} as shown
cross join policy
where not shown.point_code = <<checklists>>
    and (
        (shown.numerator > 0 and shown.numerator < policy.smallest)
        or (
            shown.denominator > shown.numerator
            and shown.denominator - shown.numerator < policy.smallest
        )
    )
"""


@mart_suite(
    "national_position",
    one_row_per=("area_code", "point_code"),
    public=True,
    source_text_columns=("area_code",),
)
def public_national_position() -> Expectations:
    """Every figure of the national view that may go to the public."""
    return [
        no_rank(),
        has_columns(
            "force_code",
            "area_code",
            "area_kind",
            "point_code",
            "is_withheld",
            "why_withheld",
            "figures_from",
            "figures_to",
            "numerator",
            "denominator",
            "forces_shown",
            "value",
            "publication_id",
            exactly=True,
            description="The table has exactly the columns that may go to the public.",
            dimension="privacy",
        ),
        every_row(
            "withheld_is_blank",
            "numerator is null and denominator is null and value is null"
            " and why_withheld is not null",
            where="is_withheld",
            description="Every figure that is withheld is blank, and says why.",
            columns=("is_withheld", "numerator", "denominator", "value"),
            dimension="privacy",
        ),
        no_rows(
            "nothing_small",
            sql(_SMALL, checklists=any_of(CHECKLISTS)),
            description="No number of people or records is small.",
            columns=("numerator", "denominator"),
            dimension="privacy",
        ),
        no_rows(
            "released_by_the_force",
            _NOT_RELEASED_BY_THE_FORCE,
            description="Every figure of a force is one that the force has released.",
            columns=("numerator", "denominator"),
            dimension="privacy",
        ),
        no_rows(
            "totals_of_what_is_shown",
            _NOT_A_SUM_OF_SHOWN,
            description="Every total is the sum of exactly the figures that are shown.",
            columns=("numerator", "denominator"),
            dimension="privacy",
        ),
    ]
