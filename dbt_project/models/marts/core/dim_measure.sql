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
            position.point_code is not null as is_of_position,
            greatest(
                {{ first_shown_day() }}, {{ measure_starts_on("point", "measure") }}
            ) as starts_on,
            coalesce(source.source_status, 'fresh') as source_status,
            build.publication_id
        from {{ ref("policy_measure") }} as measure
        cross join {{ ref("stg_audit__build") }} as build
        cross join {{ ref("stg_audit__force") }} as force
        inner join
            {{ ref("int_point") }} as point
            on force.force_code = point.force_code
            and measure.point_code = point.point_code
        left join
            {{ ref("int_point") }} as position
            on force.force_code = position.force_code
            and measure.measure_code = position.measure_code
        left join
            {{ ref("int_measure_source") }} as source
            on force.force_code = source.force_code
            and measure.measure_code = source.measure_code
    )

select *
from final
