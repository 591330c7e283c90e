with
    source as (select * from {{ source("audit", "batch") }}),

    file_deliveries as (
        select
            -- ids
            source.force_code,
            source.batch_id,

            -- text
            source.dataset,
            source.source_place,
            source.reason,

            -- numbers
            source.rows_new,

            -- booleans
            source.status = 'landed' as is_landed,

            -- times
            source.delivered_for as delivered_at,
            source.landed_at
        from source
        inner join {{ ref("stg_audit__build") }} as build on source.batch_id <= build.known_batch_id
        where source.kind = 'file' and source.delivered_for <= build.as_at
    )

select *
from file_deliveries
