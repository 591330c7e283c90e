with
    source as (select * from {{ source("audit", "build_force") }}),

    forces_of_this_build as (
        select
            -- ids
            source.force_code
        from source
        inner join {{ ref("stg_audit__build") }} as build on source.build_id = build.publication_id
    )

select *
from forces_of_this_build
