"""All figures about people and their records that are released to the public."""

from expectations.marts.public_assurance_measure import is_small, nothing_small
from expectations.shared.code_lists import MEASURES, POINTS
from expectations.shared.mart_suite import mart_suite
from expectations.shared.shares import is_a_share
from expectations.vocabulary import Expectations, every_row, has_columns, no_rows, one_of, sql

_NOT_PUBLIC = """
select shown.measure_code
from {rows} as shown
where not exists (
    select
    from {policy}.policy_public_measure as public
    where public.measure_code = shown.measure_code
        and public.counted_as in ('events', 'people')
        and shown.period_start
            between public.effective_from and coalesce(public.effective_to, date '9999-12-31')
)
"""

_OVERLAPPING = """
select earlier.measure_code, earlier.period_start
from {rows} as earlier
inner join {rows} as later using (force_code, measure_code, org_unit_code)
where earlier.period_start < later.period_start and later.period_start <= earlier.period_end
"""

_NOT_ADDING_UP = """
select measure_code, period_start
from {rows}
group by force_code, measure_code, period_start
having count(*) filter (where org_unit_code <> 'ALL') > 0
    and (
        sum(numerator) filter (where org_unit_code <> 'ALL'),
        sum(denominator) filter (where org_unit_code <> 'ALL')
    ) is distinct from (
        sum(numerator) filter (where org_unit_code = 'ALL'),
        sum(denominator) filter (where org_unit_code = 'ALL')
    )
"""

# The query returns the figures that were released before this build was opened. They are for the
# same measure, period and unit as the row `shown` of the query around this one.
_EARLIER_RELEASES = """
select released.*
from audit.released_figure as released
inner join audit.build as build
    on build.build_id = {build_id} and released.released_at <= build.known_at
where released.force_code = shown.force_code
    and released.measure_code = shown.measure_code
    and released.period_start = shown.period_start
    and released.period_end = shown.period_end
    and released.org_unit_code = shown.org_unit_code
"""

_IS_NEW = """
not exists (
    select
    from (<<earlier>>) as already_released
    where (already_released.numerator, already_released.denominator)
        = (shown.numerator, shown.denominator)
)
"""

_SMALL_STEPS = """
select shown.measure_code, shown.period_start, shown.org_unit_code
from {rows} as shown
cross join lateral (<<earlier>>) as released
where <<is_new>>
    and (
        <<numerator_is_small>> or <<denominator_is_small>> or <<rest_is_small>>
    )
"""

_DIFFERENT_FROM_THE_MARTS = """
select shown.measure_code, shown.period_start, shown.org_unit_code
from {rows} as shown
cross join lateral (
    select sum(month.numerator) as numerator, sum(month.denominator) as denominator
    from {candidate}.assurance_measure as month
    where month.force_code = shown.force_code
        and month.measure_code = shown.measure_code
        and month.org_unit_code = shown.org_unit_code
        and month.period_start between shown.period_start and shown.period_end
) as figure
where <<is_new>>
    and shown.org_unit_code <> 'REST'
    and (shown.numerator, shown.denominator)
        is distinct from (figure.numerator, figure.denominator)
"""


@mart_suite(
    "assurance_period",
    one_row_per=("measure_code", "period_start", "org_unit_code"),
    public=True,
)
def public_assurance_period() -> Expectations:
    """Released figures about people and their records: no subtraction gives a small number."""
    is_new = sql(_IS_NEW, earlier=_EARLIER_RELEASES)
    return [
        one_of("measure_code", MEASURES, description="Every measure is a defined one."),
        one_of(
            "point_code",
            POINTS,
            description="Every measure belongs to an assurance point.",
        ),
        has_columns(
            "force_code",
            "measure_code",
            "point_code",
            "period_start",
            "period_end",
            "org_unit_code",
            "numerator",
            "denominator",
            "value",
            "publication_id",
            exactly=True,
            description="The table has exactly the columns of released figures.",
            dimension="privacy",
        ),
        is_a_share(),
        nothing_small("true"),
        every_row(
            "whole_months",
            """
            extract(day from period_start) = 1
            and period_end > period_start
            and extract(day from period_end + 1) = 1
            """,
            description="Every period consists of whole months.",
            columns=("period_start", "period_end"),
            dimension="validity",
        ),
        no_rows(
            "one_measure_a_population",
            _NOT_PUBLIC,
            description="Every released measure is the one that policy names for its population.",
            columns=("measure_code",),
            dimension="privacy",
        ),
        no_rows(
            "periods_apart",
            _OVERLAPPING,
            description=(
                "No month is in two released periods, so no month can be found by subtraction."
            ),
            columns=("period_start", "period_end"),
            dimension="privacy",
        ),
        no_rows(
            "units_add_up",
            _NOT_ADDING_UP,
            description=(
                "Every figure of the force is the sum of its districts and the rest, if these are "
                "shown."
            ),
            columns=("org_unit_code",),
            dimension="privacy",
        ),
        no_rows(
            "nothing_small_between_releases",
            sql(
                _SMALL_STEPS,
                is_new=is_new,
                earlier=_EARLIER_RELEASES,
                numerator_is_small=is_small("shown.numerator - released.numerator"),
                denominator_is_small=is_small("shown.denominator - released.denominator"),
                rest_is_small=is_small(
                    "(shown.denominator - shown.numerator) "
                    "- (released.denominator - released.numerator)"
                ),
            ),
            description="No two releases of a figure differ by a number below the threshold.",
            columns=("numerator", "denominator"),
            dimension="privacy",
        ),
        no_rows(
            "public_is_published",
            sql(_DIFFERENT_FROM_THE_MARTS, is_new=is_new),
            description="Every newly released figure equals the one in the marts.",
        ),
    ]
