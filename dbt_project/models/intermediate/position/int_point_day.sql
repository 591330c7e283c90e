-- The first-named measure of each point with a deadline, for the force, on every day since it
-- started, and whether the point was met on that day.
with
    day as (
        select force_code, point_code, day, numerator, denominator
        from {{ ref("int_training_day") }}
        union all
        select force_code, 'INTEL_PLAN', day, sum(case when is_met then 1 else 0 end), count(*)
        from {{ ref("int_plan_day") }}
        group by force_code, day
    ),

    final as (
        select
            day.force_code,
            day.point_code,
            day.day,
            cast(day.numerator as bigint) as numerator,
            cast(day.denominator as bigint) as denominator,
            day.denominator > 0
            and day.numerator
            >= case when day.point_code = 'INTEL_PLAN' then 1 else target.value end
            * day.denominator as is_met
        from day
        inner join
            {{ ref("policy_threshold") }} as target
            on target.name = 'training_target'
            and {{ in_force("target", "day.day") }}
    )

select *
from final
