"""Where the force stands on each of the four points."""

from expectations.codes import (
    FRESHNESS,
    MEASURE_OF_POINT,
    POINTS,
    POSITION_STATUSES,
    as_rows,
)
from expectations.figures import has_an_interval, is_a_share
from expectations.mart import mart
from expectations.vocabulary import Promise, Promises, every_row, filled, nothing, one_of, sql

_TODAY = "({as_at} at time zone 'Europe/London')::date"

_NOT_FOUR_POINTS = """
select force.force_code, point.code as point_code
from (
    select distinct force_code from {candidate}.source_freshness
    union
    select null where not exists (select from {rows})
) as force
cross join (values <<points>>) as point (code)
left join {rows} as shown on force.force_code = shown.force_code and point.code = shown.point_code
where shown.point_code is null
"""

# The position is the point's first measure as at this month. That of the referrals covers the last
# twelve complete months and this one, also months before the first one that a measure is shown for,
# so it is counted from the referrals. A point has no figure to compare before it was launched.
_OTHER_THAN_THE_MEASURE = """
with
    month as (select date_trunc('month', <<today>>) as this_month),
    referral as (
        select
            fact.force_code, 'NCCU_INTEL' as point_code, count(*) as denominator,
            count(*) filter (
                where fact.intelligence_class in ('submitted_in_time', 'submitted_late')
            ) as numerator
        from {candidate}.fct_nccu_referral as fact
        cross join month
        where fact.is_counted
            and fact.contacted_at at time zone 'Europe/London'
                >= month.this_month - interval '12 months'
        group by 1, 2
    ),
    figure as (
        select measure.force_code, point.code as point_code, measure.numerator, measure.denominator
        from {candidate}.assurance_measure as measure
        inner join (values <<measures>>) as point (code, measure_code)
            on measure.measure_code = point.measure_code
        cross join month
        where point.code <> 'NCCU_INTEL'
            and measure.org_unit_code = 'ALL'
            and measure.period_start = month.this_month
    )
select shown.point_code
from {rows} as shown
left join referral using (force_code, point_code)
left join figure using (force_code, point_code)
where case
        when shown.point_code = 'NCCU_INTEL'
            then (coalesce(shown.numerator, 0), coalesce(shown.denominator, 0))
                <> (coalesce(referral.numerator, 0), coalesce(referral.denominator, 0))
        else (coalesce(shown.numerator, 0), coalesce(shown.denominator, 0))
            <> (figure.numerator, figure.denominator)
    end
"""

# Of a day that is not shown there is nothing to compare with: a deadline before the point started.
_OTHER_THAN_THE_DAY = """
select shown.point_code
from {rows} as shown
left join {candidate}.assurance_position_day as today
    on shown.force_code = today.force_code and shown.point_code = today.point_code
    and today.day = <<today>>
left join {candidate}.assurance_position_day as then_day
    on shown.force_code = then_day.force_code and shown.point_code = then_day.point_code
    and then_day.day = shown.deadline
where (shown.numerator, shown.denominator) is distinct from (today.numerator, today.denominator)
    or shown.status not in (today.status, 'unknown')
    or then_day.day is not null
        and (shown.value_at_deadline, shown.status_at_deadline)
            is distinct from (then_day.value, then_day.status)
"""

_OTHER_THAN_THE_STRETCH = """
select shown.point_code
from {rows} as shown
left join {candidate}.assurance_disagreement as stretch
    on shown.force_code = stretch.force_code and shown.point_code = stretch.point_code
    and stretch.disagreed_until is null
where shown.disagrees_since is distinct from stretch.disagreed_from
    or shown.disagrees <> (shown.disagrees_since is not null)
"""


@mart(
    "assurance_position",
    one_row_per=("point_code",),
    stage="sealed",
    our_words=(
        "caveat",
        "force_self_assessment",
        "commissioner_judgement",
    ),
)
def assurance_position() -> Promises:
    """Where the force stands on each of the four points, and how far that can be trusted."""
    measures = ", ".join(f"('{point}', '{measure}')" for point, measure in MEASURE_OF_POINT.items())
    return [
        one_of("point_code", POINTS, words="The points are the four that reassurance is asked on."),
        nothing(
            "four_points",
            sql(_NOT_FOUR_POINTS, points=as_rows(POINTS)),
            words="All four points are shown, whatever is known of them.",
            dimension="completeness",
        ),
        filled("as_at", "status", "source_status", words="Every point has its {column}."),
        one_of("status", POSITION_STATUSES, words="Every status is one that is defined."),
        one_of("source_status", FRESHNESS, words="Every source status is fresh, stale or failed."),
        every_row(
            "for_this_moment",
            "as_at = {as_at}",
            words="Every position is for the moment that the publication is for.",
            columns=("as_at",),
        ),
        is_a_share(),
        has_an_interval(),
        nothing(
            "position_is_the_measure",
            sql(_OTHER_THAN_THE_MEASURE, today=_TODAY, measures=measures),
            words="Every position is the figure of its measure, nothing added or left out.",
        ),
        nothing(
            "position_is_a_day",
            sql(_OTHER_THAN_THE_DAY, today=_TODAY),
            words="Today and the deadline day are told as the daily status tells them.",
        ),
        nothing(
            "disagreement_is_dated",
            _OTHER_THAN_THE_STRETCH,
            words="Who disagrees does so since the day on which the disagreement that lasts began.",
        ),
        *_statuses(),
    ]


def _statuses() -> list[Promise]:
    return [
        every_row(
            "never_green_on_a_stale_source",
            "(status = 'unknown') = (source_status <> 'fresh')",
            words="A point that rests on a stale or failed source is unknown, never better.",
            columns=("status", "source_status"),
        ),
        every_row(
            "caveat_when_unknown",
            "caveat is not null",
            among="source_status <> 'fresh'",
            words="A point that is unknown says why.",
            columns=("caveat",),
            dimension="completeness",
        ),
        every_row(
            "met_means_figures",
            "numerator > 0 and value > 0",
            among="status in ('met_on_time', 'met_late', 'sustained')",
            words="Nothing is called met without a figure that shows it.",
            columns=("status", "value"),
        ),
        every_row(
            "deadline_decides",
            sql(
                """
                case
                    when deadline is null then status not in ('met_on_time', 'met_late', 'overdue')
                    when <<today>> < deadline
                        then status in ('not_started', 'in_progress', 'unknown')
                    else true
                end
                """,
                today=_TODAY,
            ),
            words="Nothing is met, late or overdue before its deadline, or without one.",
            columns=("status", "deadline"),
        ),
        every_row(
            "days_to_the_deadline",
            f"days_to_deadline is not distinct from deadline - {_TODAY}",
            words="Days to the deadline are counted from the day the figures are for.",
            columns=("days_to_deadline",),
        ),
        every_row(
            "earlier_values_are_shares",
            "coalesce(value_at_deadline between 0 and 1, true) "
            "and coalesce(value_at_deadline_known_then between 0 and 1, true)",
            words="The figures at the deadline lie between nothing and all.",
            columns=("value_at_deadline", "value_at_deadline_known_then"),
            dimension="validity",
        ),
        every_row(
            "nothing_at_a_deadline_to_come",
            f"deadline <= {_TODAY} or (value_at_deadline_known_then is null "
            "and status_at_deadline_known_then is null)",
            among="deadline is not null",
            words="What was known at a deadline is shown only once it has passed.",
            columns=("value_at_deadline_known_then", "status_at_deadline_known_then"),
        ),
        every_row(
            "forecast_lies_ahead",
            f"forecast_date is null or forecast_date >= {_TODAY}",
            words="A forecast is for a day that is still to come.",
            columns=("forecast_date",),
            dimension="validity",
        ),
        every_row(
            "forecast_in_its_interval",
            "coalesce(forecast_earliest <= forecast_date, false)"
            " and coalesce(forecast_latest >= forecast_date, true)",
            among="forecast_date is not null",
            words="A forecast lies between the earliest and the latest day that are given with it.",
            columns=("forecast_date", "forecast_earliest", "forecast_latest"),
            dimension="consistency",
        ),
    ]
