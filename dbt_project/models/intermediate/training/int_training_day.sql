-- Complete and relevant people of the force on every day since the launch (before it, on the day
-- of the run), without the long-term absent. Each stretch of a career adds one on its first day
-- and takes one off after its last, so that the cost follows the changes and not the days times
-- the people.
with
    person as (select * from {{ ref("int_training_person") }} where not is_long_term_absent),

    steps as (
        select
            force_code, point_code, in_post_from as day, 1 as denominator_step, 0 as numerator_step
        from person
        union all
        select force_code, point_code, in_post_to, -1, 0
        from person
        union all
        select force_code, point_code, greatest(in_post_from, completed_on), 0, 1
        from person
        where completed_on < in_post_to
        union all
        select force_code, point_code, in_post_to, 0, -1
        from person
        where completed_on < in_post_to
    ),

    levels as (
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
        from steps
        group by force_code, point_code, day
    ),

    lasting as (
        select *, lead(day) over (partition by force_code, point_code order by day) as next_day
        from levels
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            spine.day,
            coalesce(lasting.numerator, 0) as numerator,
            coalesce(lasting.denominator, 0) as denominator
        from {{ ref("int_point") }} as point
        cross join {{ ref("stg_audit__build") }} as build
        cross join
            {{ day_spine("least(point.starts_on, build.as_at_day)", "build.as_at_day") }} as spine
        left join
            lasting
            on point.force_code = lasting.force_code
            and point.point_code = lasting.point_code
            and spine.day >= lasting.day
            and spine.day < coalesce(lasting.next_day, {{ end_of_time() }})
        where point.point_code in ('HYDRA', 'ELEARNING')
    )

select *
from final
