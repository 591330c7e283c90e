-- What the forecast and the position need of each point with a deadline: the figure now and whether
-- it meets the target, the figure of the deadline day, and the pace of late.
with
    build as (select * from {{ ref("stg_audit__build") }}),

    day as (select * from {{ ref("int_point_day") }}),

    recent as (
        select
            day.force_code,
            day.point_code,
            day.numerator as numerator_before,
            run_rate.value as weeks
        from day
        cross join build
        inner join
            {{ ref("policy_threshold") }} as run_rate
            on run_rate.name = 'run_rate_weeks'
            and {{ in_force("run_rate", "build.as_at_day") }}
        where day.day = {{ add_days("build.as_at_day", "-7 * cast(run_rate.value as integer)") }}
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            point.deadline,
            point.is_deadline_reached,
            coalesce(now.numerator, 0) as numerator,
            coalesce(now.denominator, 0) as denominator,
            coalesce(now.is_met, false) as is_met,
            case
                when point.is_deadline_reached then then_day.numerator
            end as numerator_at_deadline,
            case
                when point.is_deadline_reached then then_day.denominator
            end as denominator_at_deadline,
            (now.numerator - recent.numerator_before) / recent.weeks as recent_per_week
        from {{ ref("int_point") }} as point
        cross join build
        left join
            day as now
            on point.force_code = now.force_code
            and point.point_code = now.point_code
            and build.as_at_day = now.day
        left join
            day as then_day
            on point.force_code = then_day.force_code
            and point.point_code = then_day.point_code
            and point.deadline = then_day.day
        left join
            recent on point.force_code = recent.force_code and point.point_code = recent.point_code
        where point.deadline is not null
    )

select *
from final
