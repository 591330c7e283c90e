with
    source as (
        select * from {{ source("audit", "build") }} where schema_prefix = '{{ build_prefix() }}'
    ),

    newest as (
        select
            -- ids
            build_id,
            coalesce(reproduces, build_id) as publication_id,
            run_id,
            known_batch_id,
            known_drill_id,

            -- text
            policy_fingerprint,

            -- times
            as_at,
            {{ london_day("as_at") }} as as_at_day,
            known_at
        from source
        where build_id = (select max(build_id) from source)
    )

select *
from newest
