"""Monthly figures that are released to the public."""

from expectations.shared.code_lists import (
    CHECKLISTS,
    MEASURES,
    POINTS,
    any_of,
)
from expectations.shared.mart_suite import mart_suite
from expectations.shared.shares import is_a_share
from expectations.vocabulary import (
    Expectation,
    Expectations,
    every_row,
    has_columns,
    no_rows,
    one_of,
    sql,
)

_THRESHOLD = """
select max(value)
from {policy}.policy_threshold
where name = 'suppression_threshold'
    and ({as_at} at time zone 'Europe/London')::date
        between effective_from and coalesce(effective_to, date '9999-12-31')
"""

_DIFFERENT_FROM_THE_MARTS = """
select shown.measure_code, shown.period_start, shown.org_unit_code
from {rows} as shown
left join {candidate}.assurance_measure as figure
    using (force_code, measure_code, period_start, org_unit_code)
where shown.point_code = <<checklists>>
    and (shown.numerator, shown.denominator, shown.value)
        is distinct from (figure.numerator, figure.denominator, figure.value)
"""

_NOT_RELEASED = """
select shown.measure_code, shown.period_start, shown.org_unit_code
from {rows} as shown
left join {candidate_public}.assurance_period as released
    using (force_code, measure_code, period_start, org_unit_code)
where not shown.is_suppressed
    and not shown.point_code = <<checklists>>
    and (
        released.period_end is distinct from (shown.period_start + interval '1 month - 1 day')::date
        or (shown.numerator, shown.denominator, shown.value)
            is distinct from (released.numerator, released.denominator, released.value)
    )
"""

# Every district must have a row for every month. If only some districts had a row, a reader could
# tell which districts had records to count.
_MISSING_DISTRICTS = """
with
    month as (
        select distinct force_code, measure_code, period_start
        from {rows}
        where not point_code = <<checklists>>
    )
select month.measure_code, month.period_start, unit.org_unit_code
from month
inner join {candidate}.dim_org_unit as unit
    on month.force_code = unit.force_code and unit.kind = 'DISTRICT'
left join {rows} as shown
    on month.force_code = shown.force_code
    and month.measure_code = shown.measure_code
    and month.period_start = shown.period_start
    and unit.org_unit_code = shown.org_unit_code
where shown.force_code is null
"""


@mart_suite(
    "assurance_measure",
    one_row_per=("measure_code", "period_start", "org_unit_code"),
    public=True,
)
def public_assurance_measure() -> Expectations:
    """Every measure and month, with the figure suppressed if it may not be released."""
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
            "org_unit_code",
            "is_suppressed",
            "numerator",
            "denominator",
            "value",
            "publication_id",
            exactly=True,
            description="The table has exactly the columns of released figures.",
            dimension="privacy",
        ),
        is_a_share(where="not is_suppressed"),
        suppressed_is_blank(),
        nothing_small(f"not is_suppressed and not point_code = {any_of(CHECKLISTS)}"),
        no_rows(
            "month_is_released",
            sql(_NOT_RELEASED, checklists=any_of(CHECKLISTS)),
            description="No month shows a figure unless the month was released by itself.",
            columns=("is_suppressed",),
            dimension="privacy",
        ),
        no_rows(
            "every_district_every_month",
            sql(_MISSING_DISTRICTS, checklists=any_of(CHECKLISTS)),
            description="Every district has a row for every month, even without a figure.",
            columns=("org_unit_code",),
            dimension="privacy",
        ),
        no_rows(
            "public_is_published",
            sql(_DIFFERENT_FROM_THE_MARTS, checklists=any_of(CHECKLISTS)),
            description="Every figure of plan strands equals the one in the marts.",
        ),
    ]


def suppressed_is_blank() -> Expectation:
    """Expect that a suppressed figure has no numerator, denominator or value."""
    return every_row(
        "suppressed_is_blank",
        "not is_suppressed or (numerator is null and denominator is null and value is null)",
        description="No suppressed figure has a numerator, a denominator or a value.",
        columns=("is_suppressed", "numerator", "denominator", "value"),
        dimension="privacy",
    )


def nothing_small(where: str) -> Expectation:
    """Expect that neither the numerator nor the denominator less the numerator is small.

    A number is small if it is not zero and below the threshold. `where` is an SQL condition that
    selects the rows to check.
    """
    return every_row(
        "nothing_small",
        sql(
            "(numerator = 0 or numerator >= (<<least>>)) "
            "and (denominator = numerator or denominator - numerator >= (<<least>>))",
            least=_THRESHOLD,
        ),
        where=where,
        description=(
            "No number below the threshold is released, and none can be found by subtraction."
        ),
        columns=("numerator", "denominator"),
        dimension="privacy",
    )


def is_small(number: str) -> str:
    """Return an SQL condition that is true if a number is small.

    A number is small if it is not zero and its absolute value is below the threshold.
    """
    return sql(
        "(abs(<<number>>) > 0 and abs(<<number>>) < (<<least>>))", number=number, least=_THRESHOLD
    )
