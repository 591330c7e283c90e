-- The first-named measure of each point, for the force, on every day since it started, and whether
-- a point with a deadline was met on that day.
with
    day as (
        select force_code, point_code, day, numerator, denominator
        from {{ ref("int_training_day") }}
        union all
        select force_code, 'INTEL_PLAN', day, sum(case when is_met then 1 else 0 end), count(*)
        from {{ ref("int_plan_day") }}
        group by force_code, day
        union all
        -- The last twelve complete months and the day's own, also where that goes back before the
        -- first month that the measure is shown for.
        select force_code, 'NCCU_INTEL', day, sum(numerator), sum(denominator)
        from {{ ref("int_nccu_month_day") }}
        where period_start >= {{ dbt.dateadd("month", -12, month_of("day")) }}
        group by force_code, day
    ),

    final as (
        select
            day.force_code,
            day.point_code,
            day.day,
            cast(day.numerator as bigint) as numerator,
            cast(day.denominator as bigint) as denominator,
            case
                when day.point_code = 'INTEL_PLAN'
                then day.denominator > 0 and day.numerator = day.denominator
                when day.point_code <> 'NCCU_INTEL'
                then day.denominator > 0 and day.numerator >= target.value * day.denominator
            end as is_met
        from day
        inner join
            {{ ref("policy_threshold") }} as target
            on target.name = 'training_target'
            and {{ in_force("target", "day.day") }}
    )

select *
from final
