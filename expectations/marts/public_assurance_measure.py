"""Measures as they may leave the building, month by month."""

from expectations.codes import MEASURES, POINTS
from expectations.figures import is_a_share
from expectations.mart import mart
from expectations.vocabulary import Promise, Promises, every_row, has_columns, nothing, one_of, sql

_THRESHOLD = """
select max(value)
from {policy}.policy_threshold
where name = 'suppression_threshold'
    and ({as_at} at time zone 'Europe/London')::date
        between effective_from and coalesce(effective_to, date '9999-12-31')
"""

_OTHER_THAN_THE_MARTS = """
select shown.measure_code, shown.period_start, shown.org_unit_code
from {rows} as shown
left join {candidate}.assurance_measure as figure
    using (force_code, measure_code, period_start, org_unit_code)
where shown.point_code = 'INTEL_PLAN'
    and (shown.numerator, shown.denominator, shown.value)
        is distinct from (figure.numerator, figure.denominator, figure.value)
"""

_NOT_RELEASED = """
select shown.measure_code, shown.period_start, shown.org_unit_code
from {rows} as shown
left join {candidate_public}.assurance_period as released
    using (force_code, measure_code, period_start, org_unit_code)
where not shown.is_suppressed
    and shown.point_code <> 'INTEL_PLAN'
    and (
        released.period_end is distinct from (shown.period_start + interval '1 month - 1 day')::date
        or (shown.numerator, shown.denominator, shown.value)
            is distinct from (released.numerator, released.denominator, released.value)
    )
"""

# Which districts have a row would say where there was something to count.
_ROW_THAT_TELLS = """
select month.measure_code, month.period_start, unit.org_unit_code
from (
    select distinct force_code, measure_code, period_start
    from {rows}
    where point_code <> 'INTEL_PLAN'
) as month
inner join {candidate}.dim_org_unit as unit
    on month.force_code = unit.force_code and unit.kind = 'DISTRICT'
left join {rows} as shown
    on month.force_code = shown.force_code
    and month.measure_code = shown.measure_code
    and month.period_start = shown.period_start
    and unit.org_unit_code = shown.org_unit_code
where shown.force_code is null
"""


@mart(
    "assurance_measure",
    one_row_per=("measure_code", "period_start", "org_unit_code"),
    public=True,
)
def public_assurance_measure() -> Promises:
    """Every month of every measure, with what of it may leave the building."""
    return [
        one_of("measure_code", MEASURES, words="Every measure is one that is defined."),
        one_of("point_code", POINTS, words="Every measure belongs to an assurance point."),
        has_columns(
            "force_code",
            "measure_code",
            "point_code",
            "period_start",
            "org_unit_code",
            "is_suppressed",
            "numerator",
            "denominator",
            "value",
            "publication_id",
            exactly=True,
            words="What leaves the building has figures and no keys, intervals or anything else.",
            dimension="privacy",
        ),
        is_a_share(among="not is_suppressed"),
        suppressed_is_blank(),
        nothing_small("not is_suppressed and point_code <> 'INTEL_PLAN'"),
        nothing(
            "month_is_released",
            _NOT_RELEASED,
            words="Nothing is told of a month that was not released by itself.",
            columns=("is_suppressed",),
            dimension="privacy",
        ),
        nothing(
            "every_district_every_month",
            _ROW_THAT_TELLS,
            words="Every district has a row for every month: that one has it tells nothing.",
            columns=("org_unit_code",),
            dimension="privacy",
        ),
        nothing(
            "public_is_published",
            _OTHER_THAN_THE_MARTS,
            words="The strands that are shown are the ones in the marts.",
        ),
    ]


def suppressed_is_blank() -> Promise:
    """Promise that a suppressed figure shows nothing of itself."""
    return every_row(
        "suppressed_is_blank",
        "not is_suppressed or (numerator is null and denominator is null and value is null)",
        words="A figure that is held back shows nothing of itself.",
        columns=("is_suppressed", "numerator", "denominator", "value"),
        dimension="privacy",
    )


def nothing_small(among: str) -> Promise:
    """Promise that no count that is told, and no rest of one, is smaller than the threshold."""
    return every_row(
        "nothing_small",
        sql(
            "(numerator = 0 or numerator >= (<<least>>)) "
            "and (denominator = numerator or denominator - numerator >= (<<least>>))",
            least=_THRESHOLD,
        ),
        among=among,
        words="No number of people below the threshold is released, nor one that gives it away.",
        columns=("numerator", "denominator"),
        dimension="privacy",
    )


def is_small(number: str) -> str:
    """Return the condition that a number would tell too little of too few, whatever its sign."""
    return sql(
        "(abs(<<number>>) > 0 and abs(<<number>>) < (<<least>>))", number=number, least=_THRESHOLD
    )
