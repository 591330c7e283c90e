with
    latest_event as (
        select
            event.*,
            row_number() over (
                partition by event.force_code, event.exception_key order by event.told_at desc
            ) as recency
        from {{ ref("stg_audit__exception_event") }} as event
        cross join {{ ref("stg_audit__build") }} as build
        where event.told_at < build.as_at
    ),

    final as (
        select
            event.force_code,
            event.exception_key,
            event.exception_code,
            event.point_code,
            event.record_ref,
            event.org_unit_code,
            event.officer_key,
            event.opened_at,
            event.closed_at
        from latest_event as event
        left join
            {{ ref("int_exception") }} as listed
            on event.force_code = listed.force_code
            and event.exception_key = listed.exception_key
        where event.recency = 1 and event.is_open and listed.exception_key is null
    )

select *
from final
