with
    build as (select * from {{ ref("stg_audit__build") }}),

    strands as (
        select count(*) as strands
        from {{ ref("policy_plan_strand") }} as strand
        cross join build
        where {{ in_force("strand", "build.as_at_day") }}
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            point.target_unit,
            threshold.value as target_share,
            {{ target_value("point.target_unit", "threshold.value", "strands.strands") }} as target
        from {{ ref("int_point") }} as point
        cross join build
        cross join strands
        inner join
            {{ ref("policy_threshold") }} as threshold
            on point.target_threshold = threshold.name
            and {{ in_force("threshold", "build.as_at_day") }}
    )

select *
from final
