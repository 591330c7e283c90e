"""Released figures: all that the public is told of people and their records."""

from expectations.codes import MEASURES, POINTS
from expectations.figures import is_a_share
from expectations.mart import mart
from expectations.marts.public_assurance_measure import is_small, nothing_small
from expectations.vocabulary import Promises, every_row, has_columns, nothing, one_of, sql

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
select one.measure_code, one.period_start
from {rows} as one
inner join {rows} as other using (force_code, measure_code, org_unit_code)
where one.period_start < other.period_start and other.period_start <= one.period_end
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

# What the public had been told of the same period and unit before this build began.
_EARLIER = """
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
    from (<<earlier>>) as same
    where (same.numerator, same.denominator) = (shown.numerator, shown.denominator)
)
"""

_TELLING_STEP = """
select shown.measure_code, shown.period_start, shown.org_unit_code
from {rows} as shown
cross join lateral (<<earlier>>) as before
where <<is_new>>
    and (
        <<numerator_is_small>> or <<denominator_is_small>> or <<rest_is_small>>
    )
"""

_OTHER_THAN_THE_MARTS = """
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


@mart(
    "assurance_period",
    one_row_per=("measure_code", "period_start", "org_unit_code"),
    public=True,
)
def public_assurance_period() -> Promises:
    """Every figure of people and their records that is told, and that no two tell of a few."""
    is_new = sql(_IS_NEW, earlier=_EARLIER)
    return [
        one_of("measure_code", MEASURES, words="Every measure is one that is defined."),
        one_of("point_code", POINTS, words="Every measure belongs to an assurance point."),
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
            words="What leaves the building has figures and no keys, intervals or anything else.",
            dimension="privacy",
        ),
        is_a_share(),
        nothing_small("true"),
        every_row(
            "whole_months",
            "extract(day from period_start) = 1 and period_end > period_start "
            "and extract(day from period_end + 1) = 1",
            words="Every period is of whole months.",
            columns=("period_start", "period_end"),
            dimension="validity",
        ),
        nothing(
            "one_measure_a_population",
            _NOT_PUBLIC,
            words="Only the one measure of each population that policy names is released.",
            columns=("measure_code",),
            dimension="privacy",
        ),
        nothing(
            "periods_apart",
            _OVERLAPPING,
            words="No month is in two released periods, or one could be subtracted from the other.",
            columns=("period_start", "period_end"),
            dimension="privacy",
        ),
        nothing(
            "units_add_up",
            _NOT_ADDING_UP,
            words="Where units are shown they are all shown: together they are the force, "
            "and nothing is left that a subtraction could find.",
            columns=("org_unit_code",),
            dimension="privacy",
        ),
        nothing(
            "nothing_small_between_releases",
            sql(
                _TELLING_STEP,
                is_new=is_new,
                earlier=_EARLIER,
                numerator_is_small=is_small("shown.numerator - before.numerator"),
                denominator_is_small=is_small("shown.denominator - before.denominator"),
                rest_is_small=is_small(
                    "(shown.denominator - shown.numerator) "
                    "- (before.denominator - before.numerator)"
                ),
            ),
            words="No two releases of a figure differ by fewer than the threshold.",
            columns=("numerator", "denominator"),
            dimension="privacy",
        ),
        nothing(
            "public_is_published",
            sql(_OTHER_THAN_THE_MARTS, is_new=is_new),
            words="Every figure that is released now is the one in the marts.",
        ),
    ]
