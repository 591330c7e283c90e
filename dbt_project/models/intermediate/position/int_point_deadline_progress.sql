with
    build as (select * from {{ ref("stg_audit__build") }}),

    figure as (select * from {{ ref("int_point_figure_by_day") }}),

    some_weeks_ago as (
        select figure.force_code, figure.point_code, figure.numerator, run_rate.value as weeks
        from figure
        cross join build
        inner join
            {{ ref("policy_threshold") }} as run_rate
            on run_rate.name = 'run_rate_weeks'
            and {{ in_force("run_rate", "build.as_at_day") }}
        where figure.day = {{ add_days("build.as_at_day", "-7 * " ~ as_whole("run_rate.value")) }}
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            point.deadline,
            point.is_deadline_reached,
            target.value as target,
            coalesce(today.numerator, 0) as numerator,
            coalesce(today.denominator, 0) as denominator,
            coalesce(today.is_met, false) as is_met,
            case
                when point.is_deadline_reached then on_deadline.numerator
            end as numerator_at_deadline,
            case
                when point.is_deadline_reached then on_deadline.denominator
            end as denominator_at_deadline,
            (today.numerator - some_weeks_ago.numerator) / some_weeks_ago.weeks as recent_per_week
        from {{ ref("int_point") }} as point
        cross join build
        left join
            {{ ref("policy_threshold") }} as target
            on point.target_threshold = target.name
            and {{ in_force("target", "build.as_at_day") }}
        left join
            figure as today
            on point.force_code = today.force_code
            and point.point_code = today.point_code
            and build.as_at_day = today.day
        left join
            figure as on_deadline
            on point.force_code = on_deadline.force_code
            and point.point_code = on_deadline.point_code
            and point.deadline = on_deadline.day
        left join
            some_weeks_ago
            on point.force_code = some_weeks_ago.force_code
            and point.point_code = some_weeks_ago.point_code
        where point.deadline is not null
    )

select *
from final
