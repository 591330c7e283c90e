with
    final as (
        select
            force.force_code,
            measure.measure_code,
            measure.point_code,
            measure.title,
            measure.unit_of_value,
            measure.description,
            measure.more_is_better,
            measure.may_be_added_up,
            point.point_code is not null as is_of_position,
            build.publication_id
        from {{ ref("policy_measure") }} as measure
        cross join {{ ref("stg_audit__build") }} as build
        cross join {{ ref("stg_audit__force") }} as force
        left join
            {{ ref("int_point") }} as point
            on force.force_code = point.force_code
            and measure.measure_code = point.measure_code
    )

select *
from final
