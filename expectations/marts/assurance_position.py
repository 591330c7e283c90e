"""The force's position on each point."""

from expectations.shared.code_lists import (
    MEASURE_OF_POINT,
    POINTS,
    RECENT,
    REFERRALS,
    SNAPSHOTS,
    any_of,
    points_of,
    sql_list,
    sql_rows,
)
from expectations.shared.mart_suite import mart_suite
from expectations.shared.shares import has_an_interval, is_a_share
from expectations.vocabulary import (
    Expectation,
    Expectations,
    every_row,
    no_rows,
    sql,
)

_TODAY = "({as_at} at time zone 'Europe/London')::date"

# The points come from a list and not from the table, so the check also fails for an empty
# table.
_MISSING_POINTS = """
with
    force as (
        select distinct force_code from {candidate}.source_freshness
        union
        select null where not exists (select from {rows})
    )
select force.force_code, point.code as point_code
from force
cross join (values <<points>>) as point (code)
left join {rows} as shown on force.force_code = shown.force_code and point.code = shown.point_code
where shown.point_code is null
"""

# The position of a point is the figure of its first measure for this month. The position of the
# referral point covers the days that it shows: the last twelve complete months and this month. They
# may begin before the first month that measures are shown for, so this position is computed from
# the referrals. Any other point has no figure in `assurance_measure` before its launch. Then its
# position is not compared.
_DIFFERENT_FROM_THE_MEASURE = """
with
    month as (select date_trunc('month', <<today>>) as this_month),
    referral as (
        select
            shown.force_code, shown.point_code, count(*) as denominator,
            count(*) filter (
                where fact.intelligence_class in ('submitted_in_time', 'submitted_late')
            ) as numerator
        from {rows} as shown
        inner join {candidate}.fct_nccu_referral as fact
            on shown.force_code = fact.force_code
            and (fact.contacted_at at time zone 'Europe/London')::date
                between shown.figure_from and shown.figure_to
        where fact.is_counted and shown.point_code = <<referrals>>
        group by shown.force_code, shown.point_code
    ),
    figure as (
        select measure.force_code, point.code as point_code, measure.numerator, measure.denominator
        from {candidate}.assurance_measure as measure
        inner join (values <<measures>>) as point (code, measure_code)
            on measure.measure_code = point.measure_code
        cross join month
        where measure.org_unit_code = 'ALL'
            and measure.period_start = month.this_month
    )
select shown.point_code
from {rows} as shown
left join referral using (force_code, point_code)
left join figure using (force_code, point_code)
where case
        when shown.point_code = <<referrals>>
            then (coalesce(shown.numerator, 0), coalesce(shown.denominator, 0))
                <> (coalesce(referral.numerator, 0), coalesce(referral.denominator, 0))
        else (coalesce(shown.numerator, 0), coalesce(shown.denominator, 0))
            <> (figure.numerator, figure.denominator)
    end
"""

# If the deadline is before the start of the point, the deadline day has no daily status, and the
# position at the deadline is not compared.
_DIFFERENT_FROM_THE_DAY = """
select shown.point_code
from {rows} as shown
left join {candidate}.assurance_position_day as today
    on shown.force_code = today.force_code and shown.point_code = today.point_code
    and today.day = <<today>>
left join {candidate}.assurance_position_day as deadline_day
    on shown.force_code = deadline_day.force_code and shown.point_code = deadline_day.point_code
    and deadline_day.day = shown.deadline
where (shown.numerator, shown.denominator) is distinct from (today.numerator, today.denominator)
    or shown.status not in (today.status, 'unknown')
    or deadline_day.day is not null
        and (shown.value_at_deadline, shown.status_at_deadline)
            is distinct from (deadline_day.value, deadline_day.status)
"""

# The second reading is computed again. For the referral point, it is counted from the referrals of
# the months that the first reading covers. For any other point, it is the figure of the second
# measure for this month. Before its launch, a point has no such figure and is not compared.
_DIFFERENT_SECOND_READING = """
with
    month as (select date_trunc('month', <<today>>) as this_month),
    referral as (
        select
            point.force_code, point.point_code, count(*) as denominator,
            count(*) filter (
                where fact.intelligence_class in ('submitted_in_time', 'submitted_late')
            ) as numerator
        from {candidate}.fct_nccu_referral as fact
        inner join {candidate}.dim_point as point
            on fact.force_code = point.force_code and point.point_code = <<referrals>>
        cross join month
        where fact.referral_type in ('IMMIGRATION_CRIME', 'STATUS_CHECK')
            and fact.intelligence_class <> 'awaiting'
            and fact.contacted_at at time zone 'Europe/London'
                >= month.this_month - interval '12 months'
        group by point.force_code, point.point_code
    ),
    figure as (
        select point.force_code, point.point_code, measure.numerator, measure.denominator
        from {candidate}.assurance_measure as measure
        inner join {candidate}.dim_point as point
            on measure.force_code = point.force_code
            and measure.measure_code = point.second_measure_code
        cross join month
        where measure.org_unit_code = 'ALL'
            and measure.period_start = month.this_month
            and measure.measure_code in (<<snapshots>>)
    )
select shown.point_code
from {rows} as shown
left join {candidate}.dim_point as second using (force_code, point_code)
left join referral using (force_code, point_code)
left join figure using (force_code, point_code)
where shown.second_reading is distinct from second.second_measure_code
    or (shown.second_numerator, shown.second_denominator) is distinct from case
        when second.second_measure_code is null then (null::bigint, null::bigint)
        when shown.point_code = <<referrals>>
            then (coalesce(referral.numerator, 0), coalesce(referral.denominator, 0))
        else (
            coalesce(figure.numerator, shown.second_numerator),
            coalesce(figure.denominator, shown.second_denominator)
        )
    end
"""

# The deadline and the target of a point are in its row of `policy_point`. The query finds points
# that are shown as confirmed although nobody has approved this row.
_CONFIRMED_WITHOUT_ITS_POINT = """
select shown.point_code
from {rows} as shown
inner join {policy}.policy_point as policy on shown.point_code = policy.point_code
    and greatest(<<today>>, '2020-01-01'::date)
        between policy.effective_from and coalesce(policy.effective_to, '9999-12-31'::date)
where shown.policy_confirmed
    and coalesce(lower(trim(policy.approved_by)), '') in ('', 'awaiting confirmation')
"""

_DIFFERENT_FROM_THE_POINT = """
select shown.point_code
from {rows} as shown
left join {candidate}.dim_point as point using (force_code, point_code)
where (shown.target, shown.target_unit, shown.deadline)
    is distinct from (point.target, point.target_unit, point.deadline)
"""

_DIFFERENT_FROM_THE_DISAGREEMENT = """
select shown.point_code
from {rows} as shown
left join {candidate}.assurance_disagreement as open_disagreement
    on shown.force_code = open_disagreement.force_code
    and shown.point_code = open_disagreement.point_code
    and open_disagreement.disagreed_until is null
where shown.disagrees_since is distinct from open_disagreement.disagreed_from
    or shown.disagrees <> (shown.disagrees_since is not null)
"""


@mart_suite(
    "assurance_position",
    one_row_per=("point_code",),
    stage="sealed",
    sentence_columns=(
        "caveat",
        "verdict_words",
        "force_self_assessment",
        "commissioner_judgement",
    ),
)
def assurance_position() -> Expectations:
    """Every assurance point, with its status, its figure and its caveats."""
    first = {point: code for point, code in MEASURE_OF_POINT.items() if code in SNAPSHOTS}
    measures = sql_rows(first.keys(), first.values())
    referrals = points_of(REFERRALS)
    return [
        no_rows(
            "no_point_missing",
            sql(_MISSING_POINTS, points=sql_rows(POINTS)),
            description="Every point is shown, even if nothing is known about it.",
            dimension="completeness",
        ),
        every_row(
            "for_this_moment",
            "as_at = {as_at}",
            description="Every position is for the moment of the publication.",
            columns=("as_at",),
        ),
        is_a_share(),
        has_an_interval(),
        no_rows(
            "position_is_the_measure",
            sql(_DIFFERENT_FROM_THE_MEASURE, today=_TODAY, measures=measures, referrals=referrals),
            description="Every position equals the figure of its measure.",
        ),
        no_rows(
            "position_is_the_daily_status",
            sql(_DIFFERENT_FROM_THE_DAY, today=_TODAY),
            description="Every position equals the daily status of today and of the deadline day.",
        ),
        no_rows(
            "disagreement_is_dated",
            _DIFFERENT_FROM_THE_DISAGREEMENT,
            description=(
                "Every position shows the first day of its open disagreement, if there is one."
            ),
        ),
        *_targets(),
        *_second_readings(),
        *_statuses(),
    ]


def _targets() -> list[Expectation | tuple[Expectation, ...]]:
    return [
        every_row(
            "target_in_its_unit",
            """
            case target_unit
                when 'share' then target > 0 and target <= 1
                when 'strands' then target > 0 and target = floor(target)
                else target is null
            end
            """,
            description="Every target is a share above zero, or a whole number of the strands.",
            columns=("target", "target_unit"),
            dimension="validity",
        ),
        every_row(
            "met_means_the_target",
            """
            case target_unit
                when 'share' then numerator::double precision / nullif(denominator, 0) >= target
                else numerator >= target
            end
            """,
            where="status in ('met_on_time', 'met_late')",
            description="Every point that is met has reached its target.",
            columns=("status", "target"),
        ),
        no_rows(
            "target_of_the_point",
            _DIFFERENT_FROM_THE_POINT,
            description="Every target and deadline is that of the point in dim_point.",
        ),
        no_rows(
            "confirmed_with_its_point",
            sql(_CONFIRMED_WITHOUT_ITS_POINT, today=_TODAY),
            description="No point is confirmed while its own row of policy awaits confirmation.",
        ),
    ]


def _second_readings() -> list[Expectation]:
    return [
        no_rows(
            "second_reading_is_the_measure",
            sql(
                _DIFFERENT_SECOND_READING,
                today=_TODAY,
                snapshots=sql_list(SNAPSHOTS),
                referrals=points_of(REFERRALS),
            ),
            description="Every second reading equals the figure of its measure.",
        ),
        every_row(
            "second_value_is_the_quotient",
            """
            case
                when coalesce(second_denominator, 0) = 0 then second_value is null
                else abs(second_value - second_numerator::double precision / second_denominator)
                    <= 1e-9
            end
            """,
            description="Every second share is numerator divided by denominator.",
            columns=("second_value",),
        ),
        every_row(
            "second_reading_counts_more",
            "second_denominator >= denominator and second_numerator >= numerator",
            where="second_reading is not null",
            description="Every second reading counts all that the first reading counts.",
            columns=("second_numerator", "second_denominator"),
        ),
    ]


def _statuses() -> list[Expectation]:
    return [
        every_row(
            "never_green_on_a_stale_source",
            "(status = 'unknown') = (source_status <> 'fresh')",
            description="The points with a stale or failed source, and no others, are unknown.",
            columns=("status", "source_status"),
        ),
        every_row(
            "unknown_says_why",
            """
            unknown_because is not distinct from case source_status
                when 'stale' then 'SOURCE_STALE' when 'failed' then 'SOURCE_FAILED'
            end
            """,
            description="Every unknown point, and no other, says why it is unknown.",
            columns=("unknown_because", "source_status"),
        ),
        every_row(
            "no_case_is_no_miss",
            "(status = 'no_cases') = (status <> 'unknown' and denominator = 0)",
            description="A point has the status no_cases if nothing is counted, and only then.",
            columns=("status", "denominator"),
        ),
        every_row(
            "days_of_the_figure",
            f"""
            figure_to = {_TODAY} and figure_from <= figure_to
            and figure_from = case
                when point_code = {any_of(RECENT)}
                    then (date_trunc('month', {_TODAY}) - interval '12 months')::date
                else {_TODAY}
            end
            """,
            description=(
                "Every figure is about its day, or about the last twelve complete months and the "
                "current one."
            ),
            columns=("figure_from", "figure_to"),
        ),
        every_row(
            "caveat_when_unknown",
            "caveat is not null",
            where="source_status <> 'fresh'",
            description="Every unknown point has a caveat that says why.",
            columns=("caveat",),
            dimension="completeness",
        ),
        every_row(
            "met_means_figures",
            "numerator > 0 and value > 0",
            where="status in ('met_on_time', 'met_late', 'sustained')",
            description="No point is met without a figure above zero.",
            columns=("status", "value"),
        ),
        every_row(
            "deadline_decides",
            sql(
                """
                case
                    when deadline is null then status not in ('met_on_time', 'met_late', 'overdue')
                    when <<today>> < deadline
                        then status in ('not_started', 'in_progress', 'no_cases', 'unknown')
                    else true
                end
                """,
                today=_TODAY,
            ),
            description="No point is met or overdue before its deadline or without a deadline.",
            columns=("status", "deadline"),
        ),
        every_row(
            "days_to_the_deadline",
            f"days_to_deadline is not distinct from deadline - {_TODAY}",
            description=(
                "Every number of days to the deadline is counted from the day of the figures."
            ),
            columns=("days_to_deadline",),
        ),
        every_row(
            "earlier_values_are_shares",
            """
            coalesce(value_at_deadline between 0 and 1, true)
            and coalesce(value_at_deadline_known_then between 0 and 1, true)
            """,
            description="Every figure at a deadline lies between zero and one.",
            columns=("value_at_deadline", "value_at_deadline_known_then"),
            dimension="validity",
        ),
        every_row(
            "nothing_at_a_deadline_to_come",
            f"""
            deadline <= {_TODAY}
            or (value_at_deadline_known_then is null and status_at_deadline_known_then is null)
            """,
            where="deadline is not null",
            description="No figure as known at the deadline is shown before the deadline.",
            columns=("value_at_deadline_known_then", "status_at_deadline_known_then"),
        ),
        every_row(
            "forecast_lies_ahead",
            f"forecast_date is null or forecast_date >= {_TODAY}",
            description="No forecast is for a day in the past.",
            columns=("forecast_date",),
            dimension="validity",
        ),
        every_row(
            "forecast_in_its_interval",
            """
            coalesce(forecast_earliest <= forecast_date, false)
            and coalesce(forecast_latest >= forecast_date, true)
            """,
            where="forecast_date is not null",
            description="Every forecast lies between its earliest and its latest day.",
            columns=("forecast_date", "forecast_earliest", "forecast_latest"),
            dimension="consistency",
        ),
    ]
