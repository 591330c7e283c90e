with
    released as (
        select
            figure.force_code,
            point.point_code,
            point.second_measure_code,
            point.deadline,
            target.target_share,
            public_measure.counted_as,
            figure.period_start,
            figure.period_end,
            figure.numerator,
            figure.denominator,
            figure.value,
            max(figure.period_end) over (
                partition by figure.force_code, point.point_code
            ) as released_until,
            row_number() over (
                partition by figure.force_code, point.point_code, figure.denominator > 0
                order by figure.period_start desc
            ) as periods_ago
        from {{ ref("int_public_release") }} as figure
        inner join
            {{ ref("int_point") }} as point
            on figure.force_code = point.force_code
            and figure.measure_code = point.measure_code
        inner join
            {{ ref("policy_public_measure") }} as public_measure
            on figure.measure_code = public_measure.measure_code
            and {{ in_force("public_measure", "figure.period_start") }}
        left join
            {{ ref("int_point_target") }} as target
            on point.force_code = target.force_code
            and point.point_code = target.point_code
        where figure.org_unit_code = 'ALL'
    ),

    first_reading as (
        select
            force_code,
            point_code,
            second_measure_code,
            deadline,
            target_share,
            min(period_start) as figures_from,
            max(period_end) as figures_to,
            cast(sum(numerator) as bigint) as numerator,
            cast(sum(denominator) as bigint) as denominator
        from released
        where
            period_end = released_until
            or (
                counted_as = 'events'
                and period_end
                > {{ month_end(dbt.dateadd("month", -12, month_of("released_until"))) }}
            )
        group by force_code, point_code, second_measure_code, deadline, target_share
    ),

    -- The second reading counts more cases than the first. What it adds is a measure of its own, so
    -- it is a sum of released figures too.
    added_up as (
        select
            first_reading.force_code,
            first_reading.point_code,
            first_reading.numerator + sum(added.numerator) as numerator,
            first_reading.denominator + sum(added.denominator) as denominator
        from first_reading
        inner join
            {{ ref("policy_public_measure") }} as public_measure
            on first_reading.second_measure_code = public_measure.completes
            and {{ in_force("public_measure", "first_reading.figures_to") }}
        inner join
            {{ ref("int_public_release") }} as added
            on first_reading.force_code = added.force_code
            and public_measure.measure_code = added.measure_code
            and added.org_unit_code = 'ALL'
            and added.period_start >= first_reading.figures_from
            and added.period_end <= first_reading.figures_to
        group by
            first_reading.force_code,
            first_reading.point_code,
            first_reading.numerator,
            first_reading.denominator
    ),

    recorded as (
        select
            first_reading.force_code,
            first_reading.point_code,
            sum(measure.numerator) as numerator,
            sum(measure.denominator) as denominator
        from first_reading
        inner join
            {{ ref("int_measure") }} as measure
            on first_reading.force_code = measure.force_code
            and first_reading.second_measure_code = measure.measure_code
            and measure.org_unit_code = 'ALL'
            and measure.period_start between first_reading.figures_from and first_reading.figures_to
        group by first_reading.force_code, first_reading.point_code
    ),

    -- A record that changes its type moves from one of the two measures to the other, and one of
    -- them may be revised before the other may. Then their sum counts the record twice or not at
    -- all. So the sum is shown only if it is what the records give for the same days.
    second_reading as (
        select added_up.*
        from added_up
        inner join
            recorded
            on added_up.force_code = recorded.force_code
            and added_up.point_code = recorded.point_code
            and added_up.numerator = recorded.numerator
            and added_up.denominator = recorded.denominator
    ),

    -- The status follows from the released figures alone, by the rule of the mart contract with a
    -- released period in the place of a complete month.
    trend as (
        select
            force_code,
            point_code,
            count(*) filter (where periods_ago <= 3) as recent_periods,
            sum(numerator) filter (where periods_ago <= 3) as recent_numerator,
            sum(denominator) filter (where periods_ago <= 3) as recent_denominator,
            sum(numerator) filter (where periods_ago > 3) as earlier_numerator,
            sum(denominator) filter (where periods_ago > 3) as earlier_denominator
        from released
        where counted_as = 'events' and denominator > 0 and periods_ago <= 6
        group by force_code, point_code
    ),

    best as (
        select
            force_code,
            point_code,
            max(value) as best_value,
            max(value) filter (where period_end <= deadline) as best_value_by_deadline,
            max(value) filter (where period_end = deadline) as value_at_deadline
        from released
        group by force_code, point_code
    ),

    compared as (
        select
            first_reading.*,
            {{ share("first_reading.numerator", "first_reading.denominator") }} as value,
            coalesce(first_reading.figures_to < first_reading.deadline, true) as is_before_deadline,
            best.best_value,
            case
                when best.value_at_deadline is null
                then position.status_at_deadline
                when best.value_at_deadline >= first_reading.target_share
                then 'met_on_time'
                when best.best_value_by_deadline >= first_reading.target_share
                then 'slipping'
                else 'overdue'
            end as status_at_deadline,
            trend.recent_periods = 3
            and trend.recent_numerator = trend.recent_denominator as is_sustained,
            {{ share("trend.recent_numerator", "trend.recent_denominator") }}
            < {{ share("trend.earlier_numerator", "trend.earlier_denominator") }} as is_slipping,
            - (
                {{
                    difference_low(
                        "trend.earlier_numerator",
                        "trend.earlier_denominator",
                        "trend.recent_numerator",
                        "trend.recent_denominator",
                    )
                }}
            ) as change_high
        from first_reading
        inner join
            best
            on first_reading.force_code = best.force_code
            and first_reading.point_code = best.point_code
        left join
            trend
            on first_reading.force_code = trend.force_code
            and first_reading.point_code = trend.point_code
        left join
            {{ ref("int_position") }} as position
            on first_reading.force_code = position.force_code
            and first_reading.point_code = position.point_code
    ),

    final as (
        select
            compared.force_code,
            compared.point_code,
            compared.figures_from,
            compared.figures_to,
            compared.numerator,
            compared.denominator,
            compared.value,
            cast(second_reading.numerator as bigint) as second_numerator,
            cast(second_reading.denominator as bigint) as second_denominator,
            case
                when compared.denominator = 0
                then 'no_cases'
                when compared.is_before_deadline and compared.numerator = 0
                then 'not_started'
                when compared.is_sustained
                then 'sustained'
                when compared.is_slipping
                then 'slipping'
                when compared.is_before_deadline
                then 'in_progress'
                when
                    compared.value >= compared.target_share
                    and compared.status_at_deadline = 'met_on_time'
                then 'met_on_time'
                when compared.value >= compared.target_share
                then 'met_late'
                when
                    compared.best_value >= compared.target_share
                    or compared.status_at_deadline = 'met_on_time'
                then 'slipping'
                else 'overdue'
            end as status,
            compared.status_at_deadline,
            compared.change_high
        from compared
        left join
            second_reading
            on compared.force_code = second_reading.force_code
            and compared.point_code = second_reading.point_code
    )

select *
from final
