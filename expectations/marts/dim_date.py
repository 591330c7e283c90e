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

# From the calendar's first day that is no single old one, until the day the figures are for.
_DAYS_MISSING = """
select force.force_code, day.date_day::date as date_day
from (
    select force_code, greatest(min(date_day), date '2020-01-01') as first_day
    from {rows}
    group by force_code
) as force
cross join lateral generate_series(
    force.first_day::timestamp, {as_at} at time zone 'Europe/London', interval '1 day'
) as day (date_day)
left join {rows} as calendar
    on force.force_code = calendar.force_code and day.date_day::date = calendar.date_day
where calendar.date_day is null
"""

_HOURS = """
extract(
    epoch from (date_day + 1)::timestamp at time zone 'Europe/London'
    - date_day::timestamp at time zone 'Europe/London'
) / 3600
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
        nothing(
            "no_day_missing",
            _DAYS_MISSING,
            words="No day is missing, a leap day no more than another.",
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
            f"hours_in_day = {_HOURS}",
            words="A day has 24 hours, but for the two on which the clocks change.",
            columns=("hours_in_day",),
            dimension="validity",
        ),
    ]
