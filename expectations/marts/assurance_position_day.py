"""The daily status of each point."""

from expectations.shared.code_lists import MEASURE_OF_POINT, POINTS, POSITION_STATUSES, sql_rows
from expectations.shared.mart_suite import mart_suite
from expectations.shared.shares import is_a_share
from expectations.vocabulary import Expectations, every_row, filled, no_rows, one_of, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"
_STATUSES = tuple(status for status in POSITION_STATUSES if status != "unknown")

# No day is listed twice for a point. If a point has fewer rows than days up to today, a day is
# missing.
_DAYS_MISSING = """
select point_code, min(day) as first_day
from {rows}
group by force_code, point_code
having max(day) <> <<today>> or count(*) <> <<today>> - min(day) + 1
"""

# For a measure that is taken at the end of a month, the figure of the month equals the figure of
# its last day. Referral measures are left out, because they are counted by the month of contact.
_DIFFERENT_FROM_THE_MONTH = """
select shown.point_code, shown.day
from {rows} as shown
inner join (values <<measures>>) as point (code, measure_code) on shown.point_code = point.code
inner join {candidate}.assurance_measure as measure
    on shown.force_code = measure.force_code
    and point.measure_code = measure.measure_code
    and measure.org_unit_code = 'ALL'
    and shown.day = least(
        (measure.period_start + interval '1 month' - interval '1 day')::date, <<today>>
    )
where (shown.numerator, shown.denominator) is distinct from (measure.numerator, measure.denominator)
"""


@mart_suite("assurance_position_day", one_row_per=("point_code", "day"))
def assurance_position_day() -> Expectations:
    """Every day of each point since it started, with its status as known now."""
    at_month_end = {
        point: measure for point, measure in MEASURE_OF_POINT.items() if point != "NCCU_INTEL"
    }
    measures = sql_rows(at_month_end.keys(), at_month_end.values())
    return [
        one_of(
            "point_code", POINTS, description="Every point is one of the four assurance points."
        ),
        one_of(
            "status", _STATUSES, description="Every daily status is defined, and none is unknown."
        ),
        filled(
            "numerator", "denominator", "status", description="Every day has a value in {column}."
        ),
        is_a_share(),
        no_rows(
            "no_day_missing",
            sql(_DAYS_MISSING, today=_TODAY),
            description="No day is missing between a point's first day and the day of the figures.",
            dimension="completeness",
        ),
        every_row(
            "status_fits_the_point",
            """
            case
                when point_code = 'NCCU_INTEL'
                    then status not in ('met_on_time', 'met_late', 'overdue')
                else status <> 'sustained'
            end
            """,
            description="No point without a deadline is met or overdue, no other is sustained.",
            columns=("status",),
        ),
        every_row(
            "met_means_figures",
            "numerator > 0 and value > 0",
            where="status in ('met_on_time', 'met_late', 'sustained')",
            description="No day is met without a figure above zero.",
            columns=("status", "value"),
        ),
        no_rows(
            "last_day_is_the_month",
            sql(_DIFFERENT_FROM_THE_MONTH, today=_TODAY, measures=measures),
            description="Every figure of a month's last day equals the figure of the month.",
        ),
    ]
