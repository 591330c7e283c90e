with
    source as (select * from {{ source("audit", "build") }}),

    build as (select * from {{ ref("stg_audit__build") }}),

    compared as (
        select
            -- ids
            previous.build_id as publication_id,
            previous.known_batch_id,

            -- booleans
            previous.rules_fingerprint
            is distinct from current_build.rules_fingerprint as is_rule_changed,
            previous.as_at = build.as_at as is_same_moment,
            previous.as_at > build.as_at as is_backwards,

            -- times
            previous.as_at,
            {{ london_day("previous.as_at") }} as as_at_day
        from build
        inner join source as current_build on build.publication_id = current_build.build_id
        inner join source as previous on current_build.compared_with = previous.build_id
    )

select *
from compared
