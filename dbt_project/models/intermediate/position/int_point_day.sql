with
    -- The figure of a day is as at that day, or of its month and the twelve months before.
    record as (
        select
            point.force_code,
            point.point_code,
            contribution.numerator,
            contribution.denominator,
            contribution.counts_from,
            case
                when measure.is_snapshot
                then contribution.counts_to
                else {{ add_months(month_of("contribution.counts_from"), "13") }}
            end as counts_to
        from {{ ref("contribution") }} as contribution
        inner join
            {{ ref("int_point") }} as point
            on contribution.force_code = point.force_code
            and contribution.measure_code = point.measure_code
        inner join
            {{ ref("policy_measure") }} as measure on point.measure_code = measure.measure_code
    ),

    daily_step as (
        select
            force_code,
            point_code,
            counts_from as day,
            denominator as denominator_step,
            numerator as numerator_step
        from record
        union all
        select force_code, point_code, counts_to, - denominator, - numerator
        from record
    ),

    daily_level as (
        select
            force_code,
            point_code,
            day,
            sum(sum(denominator_step)) over (
                partition by force_code, point_code order by day
            ) as denominator,
            sum(sum(numerator_step)) over (
                partition by force_code, point_code order by day
            ) as numerator
        from daily_step
        group by force_code, point_code, day
    ),

    level_period as (
        select *, lead(day) over (partition by force_code, point_code order by day) as next_day
        from daily_level
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            spine.day,
            coalesce(level_period.numerator, 0) as numerator,
            coalesce(level_period.denominator, 0) as denominator
        from {{ ref("int_point") }} as point
        cross join {{ ref("stg_audit__build") }} as build
        cross join
            {{ day_spine("least(point.starts_on, build.as_at_day)", "build.as_at_day") }} as spine
        left join
            level_period
            on point.force_code = level_period.force_code
            and point.point_code = level_period.point_code
            and spine.day >= level_period.day
            and spine.day < coalesce(level_period.next_day, {{ end_of_time() }})
        -- On an earlier day, a record of such a point had not been answered yet
        -- (int_point_month_day).
        where point.judged_by <> 'recent_period'
    )

select *
from final
