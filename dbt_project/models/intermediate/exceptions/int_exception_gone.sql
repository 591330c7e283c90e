-- What was on the list when it was last told, and is no longer.
with
    told as (
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
            told.force_code,
            told.exception_key,
            told.exception_code,
            told.point_code,
            told.record_ref,
            told.org_unit_code,
            told.officer_key,
            told.opened_at,
            told.closed_at
        from told
        left join
            {{ ref("int_exception") }} as listed
            on told.force_code = listed.force_code
            and told.exception_key = listed.exception_key
        where told.recency = 1 and told.is_open and listed.exception_key is null
    )

select *
from final
