"""The numbers behind the measures, so that they can be added up."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows

_NOT_AS_PUBLISHED = """
with
    added as (
        select
            force_code, measure_code, date_day as period_start,
            sum(numerator) as numerator, sum(denominator) as denominator
        from {rows}
        group by force_code, measure_code, date_day
    ),

    published as (
        select figure.force_code, figure.measure_code, figure.period_start,
            figure.numerator, figure.denominator
        from {candidate}.assurance_measure as figure
        inner join {candidate}.dim_measure as measure using (force_code, measure_code)
        where figure.org_unit_code = 'ALL' and figure.denominator > 0 and measure.may_be_added_up
    )
select measure_code, period_start
from published
full join added using (force_code, measure_code, period_start)
where published.numerator is distinct from added.numerator
    or published.denominator is distinct from added.denominator
"""


@mart_suite("fct_measure_month", one_row_per=("measure_code", "date_day", "org_unit_code"))
def fct_measure_month() -> Expectations:
    """Numbers of each unit's own records, which can be added up over units and months."""
    return [
        every_row(
            "part_of_its_denominator",
            "numerator between 0 and denominator and denominator > 0",
            description="Every numerator is a part of its denominator.",
            columns=("numerator", "denominator"),
        ),
        no_rows(
            "adds_up_to_the_figure",
            _NOT_AS_PUBLISHED,
            description="Added up over all units, each month gives the figure of the whole force.",
            dimension="reconciliation",
        ),
    ]
