with
    build as (select * from {{ ref("stg_audit__build") }}),

    status as (select * from {{ ref("int_point_status_by_day") }}),

    stretch as (
        select
            status.force_code,
            status.point_code,
            coalesce(
                {{
                    add_days(
                        "max(case when status.status <> today.status then status.day end)", "1"
                    )
                }},
                min(status.day)
            ) as began_on
        from status
        cross join build
        inner join
            status as today
            on status.force_code = today.force_code
            and status.point_code = today.point_code
            and build.as_at_day = today.day
        group by status.force_code, status.point_code
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            today.figure_from,
            today.day as figure_to,
            today.numerator,
            today.denominator,
            case
                when source.source_status <> 'fresh' then 'unknown' else today.status
            end as status,
            case
                when source.source_status = 'stale'
                then 'SOURCE_STALE'
                when source.source_status = 'failed'
                then 'SOURCE_FAILED'
            end as unknown_because,
            today.status as status_of_data,
            coalesce(source.source_status, 'fresh') = 'fresh' and today.is_unclear as is_unclear,
            case when source.source_status = 'fresh' then stretch.began_on end as status_since,
            on_deadline.status as status_at_deadline,
            source.source_status,
            source.source_caveat
        from {{ ref("int_point") }} as point
        cross join build
        inner join
            status as today
            on point.force_code = today.force_code
            and point.point_code = today.point_code
            and build.as_at_day = today.day
        inner join
            stretch
            on point.force_code = stretch.force_code
            and point.point_code = stretch.point_code
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
