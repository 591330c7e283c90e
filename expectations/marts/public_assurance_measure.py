"""Measures as they may leave the building."""

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
where not shown.is_suppressed
    and (shown.numerator, shown.denominator, shown.value)
        is distinct from (figure.numerator, figure.denominator, figure.value)
"""

# The one that is held back is the total less the others.
_GIVEN_AWAY = """
select measure_code, period_start
from {rows}
where org_unit_code <> 'ALL'
group by force_code, measure_code, period_start
having count(*) > 1 and count(*) filter (where is_suppressed) = 1
"""


@mart(
    "assurance_measure",
    one_row_per=("measure_code", "period_start", "org_unit_code"),
    public=True,
)
def public_assurance_measure() -> Promises:
    """Every measure that may leave the building, small numbers held back."""
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
        is_a_share(among="not is_suppressed and numerator is not null"),
        suppressed_is_blank(),
        nothing_small("point_code <> 'INTEL_PLAN'"),
        nothing(
            "no_single_suppression",
            _GIVEN_AWAY,
            words="Where a unit is held back another one is too, or the total would give it away.",
            columns=("is_suppressed",),
            dimension="privacy",
        ),
        nothing(
            "public_is_published",
            _OTHER_THAN_THE_MARTS,
            words="Every figure that is released is the one in the marts.",
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
    """Promise that no released count, and no complement of one, is smaller than the threshold."""
    return every_row(
        "nothing_small",
        sql(
            "denominator = 0 or ((numerator = 0 or numerator >= (<<least>>)) "
            "and (denominator = numerator or denominator - numerator >= (<<least>>)))",
            least=_THRESHOLD,
        ),
        among=f"not is_suppressed and numerator is not null and {among}",
        words="No number of people below the threshold is released, nor one that gives it away.",
        columns=("numerator", "denominator"),
        dimension="privacy",
    )
