"""The calendar."""

from expectations.mart import mart
from expectations.vocabulary import Promises, every_row, nothing

_TODAY_MISSING = """
select force.force_code
from (select distinct force_code from {candidate}.dim_org_unit) as force
where not exists (
    select
    from {rows} as calendar
    where calendar.force_code = force.force_code
        and calendar.date_day = ({as_at} at time zone 'Europe/London')::date
)
"""


@mart("dim_date", one_row_per=("date_day",))
def dim_date() -> Promises:
    """Every day that a figure can fall on."""
    return [
        nothing(
            "has_today",
            _TODAY_MISSING,
            words="The day that the figures are for is in the calendar.",
            dimension="completeness",
        ),
        every_row(
            "month_of_the_day",
            "month_start = date_trunc('month', date_day) "
            "and calendar_year = extract(year from date_day) "
            "and calendar_month = extract(month from date_day) "
            "and iso_day_of_week = extract(isodow from date_day)",
            words="Every day stands in its own month and year, and has its own weekday.",
            columns=("date_day", "month_start"),
        ),
        every_row(
            "hours_of_the_day",
            "hours_in_day between 23 and 25",
            words="A day has 24 hours, but for the two on which the clocks change.",
            columns=("hours_in_day",),
            dimension="validity",
        ),
    ]
