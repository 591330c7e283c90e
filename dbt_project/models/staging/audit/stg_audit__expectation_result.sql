with
    source as (select * from {{ source("audit", "expectation_result") }}),

    results_of_this_build as (
        select
            source.dataset,
            source.dimension,
            source.severity,
            source.description,
            source.success as is_met,
            source.stage,
            source.checked_at
        from source
        inner join {{ ref("stg_audit__build") }} as build on source.build_id = build.publication_id
    )

select *
from results_of_this_build
