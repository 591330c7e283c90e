with
    officer as (select * from {{ ref("int_training_person") }} where not is_long_term_absent),

    daily_step as (
        select
            force_code, point_code, in_post_from as day, 1 as denominator_step, 0 as numerator_step
        from officer
        union all
        select force_code, point_code, in_post_to, -1, 0
        from officer
        union all
        select force_code, point_code, greatest(in_post_from, completed_on), 0, 1
        from officer
        where completed_on < in_post_to
        union all
        select force_code, point_code, in_post_to, 0, -1
        from officer
        where completed_on < in_post_to
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
        where point.point_code in ('HYDRA', 'ELEARNING')
    )

select *
from final
