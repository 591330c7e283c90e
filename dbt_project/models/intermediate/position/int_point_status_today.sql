with
    status as (select * from {{ ref("int_point_status_by_day") }}),

    final as (
        select
            point.force_code,
            point.point_code,
            today.numerator,
            today.denominator,
            case
                when source.source_status <> 'fresh' then 'unknown' else today.status
            end as status,
            today.status as status_of_data,
            on_deadline.status as status_at_deadline,
            source.source_status,
            source.source_caveat
        from {{ ref("int_point") }} as point
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            status as today
            on point.force_code = today.force_code
            and point.point_code = today.point_code
            and build.as_at_day = today.day
        left join
            status as on_deadline
            on point.force_code = on_deadline.force_code
            and point.point_code = on_deadline.point_code
            and point.deadline = on_deadline.day
        left join
            {{ ref("int_measure_source") }} as source
            on point.force_code = source.force_code
            and point.measure_code = source.measure_code
    )

select *
from final
