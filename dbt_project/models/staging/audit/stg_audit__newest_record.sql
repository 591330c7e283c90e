with
    source as (select * from {{ source("audit", "newest_record") }}),

    of_this_build as (
        select
            -- ids
            source.force_code,

            -- text
            source.dataset,

            -- times
            source.newest_at
        from source
        inner join {{ ref("stg_audit__build") }} as build on source.build_id = build.build_id
    )

select *
from of_this_build
