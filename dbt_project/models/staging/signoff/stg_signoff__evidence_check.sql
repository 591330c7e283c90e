with
    source as (select * from {{ source("signoff", "checked_evidence") }}),

    known as (
        select
            source.*,
            row_number() over (
                partition by source.entry_id order by source.check_id desc
            ) as recency
        from source
        inner join {{ ref("stg_audit__build") }} as build on source.checked_at <= build.known_at
    ),

    final as (
        select
            -- ids
            entry_id,

            -- texts
            outcome as evidence_state
        from known
        where recency = 1
    )

select *
from final
