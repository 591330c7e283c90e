with
    source as (select * from {{ source("audit", "extraction") }}),

    known_extractions as (
        select
            source.force_code,
            source.dataset,
            source.run_id = build.run_id as is_in_this_run,
            coalesce(source.outcome = 'succeeded', false) as is_succeeded,
            source.reason,
            source.started_at,
            source.finished_at
        from source
        inner join {{ ref("stg_audit__build") }} as build on source.started_at <= build.known_at
    )

select *
from known_extractions
