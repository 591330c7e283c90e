with
    build as (select * from {{ ref("stg_audit__build") }}),

    figure as (select * from {{ ref("int_point_figure_by_day") }}),

    run_rate as (
        select policy.value as weeks, 7 * {{ as_whole("policy.value") }} as days
        from {{ ref("policy_threshold") }} as policy
        cross join build
        where policy.name = 'run_rate_weeks' and {{ in_force("policy", "build.as_at_day") }}
    ),

    -- The change of the numerator over each stretch of so many weeks that lies within the last half
    -- year. What leavers take away counts too, so a stretch can be negative.
    stretch as (
        select
            figure.force_code,
            figure.point_code,
            run_rate.weeks,
            before.day as begins_on,
            figure.day = build.as_at_day as is_latest,
            (figure.numerator - before.numerator) / run_rate.weeks as per_week
        from figure
        cross join build
        cross join run_rate
        inner join
            figure as before
            on figure.force_code = before.force_code
            and figure.point_code = before.point_code
            and before.day = {{ add_days("figure.day", "- run_rate.days") }}
        where before.day >= {{ add_days("build.as_at_day", "- 7 * 26") }}
    ),

    pace as (
        select
            force_code,
            point_code,
            max(weeks) as weeks,
            min(begins_on) as since,
            max(case when is_latest then per_week end) as recent,
            max(per_week) as fastest,
            min(per_week) as slowest
        from stretch
        group by force_code, point_code
    ),

    -- The next row of the policy that has been announced with another target.
    announced as (
        select
            point.force_code,
            point.point_code,
            later.value,
            later.effective_from,
            row_number() over (
                partition by point.force_code, point.point_code order by later.effective_from
            ) as place
        from {{ ref("int_point") }} as point
        cross join build
        inner join
            {{ ref("policy_threshold") }} as target
            on point.target_threshold = target.name
            and {{ in_force("target", "build.as_at_day") }}
        inner join
            {{ ref("policy_threshold") }} as later
            on target.name = later.name
            and later.effective_from > build.as_at_day
            and later.value <> target.value
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            point.deadline,
            point.is_deadline_reached,
            target.value as target,
            announced.value as announced_target,
            announced.effective_from as announced_from,
            coalesce(today.numerator, 0) as numerator,
            coalesce(today.denominator, 0) as denominator,
            coalesce(today.is_met, false) as is_met,
            case
                when point.is_deadline_reached then on_deadline.numerator
            end as numerator_at_deadline,
            case
                when point.is_deadline_reached then on_deadline.denominator
            end as denominator_at_deadline,
            pace.weeks as pace_weeks,
            pace.since as pace_since,
            pace.recent as recent_per_week,
            pace.fastest as fastest_per_week,
            pace.slowest as slowest_per_week
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
            announced
            on point.force_code = announced.force_code
            and point.point_code = announced.point_code
            and announced.place = 1
        left join pace on point.force_code = pace.force_code and point.point_code = pace.point_code
        where point.deadline is not null
    )

select *
from final
