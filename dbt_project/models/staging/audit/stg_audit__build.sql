-- A build that computes a publication again stands for it: it says and quotes what that one did.
with
    source as (
        select * from {{ source("audit", "build") }} where schema_prefix = '{{ schema_prefix() }}'
    ),

    newest as (
        select
            coalesce(reproduces, build_id) as publication_id,
            run_id,
            known_batch_id,
            policy_fingerprint,
            as_at,
            {{ london_day("as_at") }} as as_at_day,
            known_at
        from source
        where build_id = (select max(build_id) from source)
    )

select *
from newest
