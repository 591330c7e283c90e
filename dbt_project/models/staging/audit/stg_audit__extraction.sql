with
    source as (select * from {{ source("audit", "extraction") }}),

    known_extractions as (
        select
            -- ids
            source.force_code,

            -- text
            source.dataset,
            case when source.finished_at <= build.known_at then source.reason end as reason,

            -- booleans
            source.run_id = build.run_id as is_in_this_run,
            source.is_expected,
            coalesce(
                source.outcome = 'succeeded' and source.finished_at <= build.known_at, false
            ) as is_succeeded,

            -- times
            source.started_at,
            case
                when source.finished_at <= build.known_at then source.finished_at
            end as finished_at
        from source
        inner join {{ ref("stg_audit__build") }} as build on source.started_at <= build.known_at
    )

select *
from known_extractions
