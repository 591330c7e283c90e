with
    build as (select * from {{ ref("stg_audit__build") }}),

    launches as (
        select item.point_code, min(item.launched_on) as launched_on
        from {{ ref("policy_training_item") }} as item
        cross join build
        where {{ in_force_between("item", beginning_of_time(), "build.as_at_day") }}
        group by item.point_code
    ),

    final as (
        select
            force.force_code,
            point.point_code,
            point.measure_code,
            point.second_measure_code,
            point.target_threshold,
            point.target_unit,
            point.deadline,
            point.judged_by,
            coalesce(launches.launched_on, point.starts_on) as starts_on,
            build.as_at_day >= point.deadline as is_deadline_reached
        from {{ ref("policy_point") }} as point
        cross join {{ ref("stg_audit__force") }} as force
        cross join build
        left join launches on point.point_code = launches.point_code
        where {{ in_force("point", "build.as_at_day") }}
    )

select *
from final
