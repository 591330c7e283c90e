"""The calendar."""

from expectations.shared.mart_suite import mart_suite
from expectations.vocabulary import Expectations, every_row, no_rows

_TODAY_MISSING = """
with force as (select distinct force_code from {candidate}.dim_org_unit)
select force.force_code
from force
where not exists (
    select
    from {rows} as calendar
    where calendar.force_code = force.force_code
        and calendar.date_day = ({as_at} at time zone 'Europe/London')::date
)
"""

_DAYS_MISSING = """
with
    force as (
        select force_code, greatest(min(date_day), date '2020-01-01') as first_day
        from {rows}
        group by force_code
    )
select force.force_code, day.date_day::date as date_day
from force
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


@mart_suite("dim_date", one_row_per=("date_day",))
def dim_date() -> Expectations:
    """Every day that a figure can be for."""
    return [
        no_rows(
            "has_today",
            _TODAY_MISSING,
            description="The day of the figures is in the calendar.",
            dimension="completeness",
        ),
        no_rows(
            "no_day_missing",
            _DAYS_MISSING,
            description="No day is missing from the calendar, not even a leap day.",
            dimension="completeness",
        ),
        every_row(
            "month_of_the_day",
            """
            month_start = date_trunc('month', date_day)
            and calendar_year = extract(year from date_day)
            and calendar_month = extract(month from date_day)
            and iso_day_of_week = extract(isodow from date_day)
            """,
            description="Every day has the right month, year and weekday.",
            columns=("date_day", "month_start"),
        ),
        every_row(
            "hours_of_the_day",
            f"hours_in_day = {_HOURS}",
            description=(
                "Every day has 24 hours, except for days of 23 or 25 hours when the clocks change."
            ),
            columns=("hours_in_day",),
            dimension="validity",
        ),
    ]
