"""Where each point stood on every day since it started."""

from expectations.codes import MEASURE_OF_POINT, POINTS, POSITION_STATUSES
from expectations.figures import is_a_share
from expectations.mart import mart
from expectations.vocabulary import Promises, every_row, filled, nothing, one_of, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"
_STATUSES = tuple(status for status in POSITION_STATUSES if status != "unknown")

# Where there are fewer days than from the first until today, one is missing; none is there twice.
_DAYS_MISSING = """
select point_code, min(day) as first_day
from {rows}
group by force_code, point_code
having max(day) <> <<today>> or count(*) <> <<today>> - min(day) + 1
"""

# Measures "as at month end" are the figure of the last day; those of referrals go by contact.
_OTHER_THAN_THE_MONTH = """
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


@mart("assurance_position_day", one_row_per=("point_code", "day"))
def assurance_position_day() -> Promises:
    """Where each point stood on every day since it started, with what is known now."""
    measures = ", ".join(
        f"('{point}', '{measure}')"
        for point, measure in MEASURE_OF_POINT.items()
        if point != "NCCU_INTEL"
    )
    return [
        one_of("point_code", POINTS, words="The points are the four that reassurance is asked on."),
        one_of("status", _STATUSES, words="Every day's status is one that the data can say."),
        filled("numerator", "denominator", "status", words="Every day has its {column}."),
        is_a_share(),
        nothing(
            "no_day_missing",
            sql(_DAYS_MISSING, today=_TODAY),
            words="Every point has each day from its first until the day the figures are for.",
            dimension="completeness",
        ),
        every_row(
            "status_of_its_kind",
            "case when point_code = 'NCCU_INTEL' "
            "then status not in ('met_on_time', 'met_late', 'overdue') "
            "else status <> 'sustained' end",
            words="Only a point with a deadline is met or overdue, only one without is sustained.",
            columns=("status",),
        ),
        every_row(
            "met_means_figures",
            "numerator > 0 and value > 0",
            among="status in ('met_on_time', 'met_late', 'sustained')",
            words="No day is called met without a figure that shows it.",
            columns=("status", "value"),
        ),
        nothing(
            "last_day_is_the_month",
            sql(_OTHER_THAN_THE_MONTH, today=_TODAY, measures=measures),
            words="The figure of a month's last day is the month's.",
        ),
    ]
