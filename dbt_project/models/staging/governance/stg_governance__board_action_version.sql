with
    source as (select * from {{ source("general", "board_action") }}),

    known as (
        select
            source.*,
            build.as_at,
            {{ first_delivery("source") }} as first_delivery_at,
            row_number() over (
                partition by source.force_code, source.row_key, source.version_at
                order by source.batch_id desc, source.row_number desc
            ) as recency
        from source
        cross join {{ ref("stg_audit__build") }} as build
        where source.batch_id <= build.known_batch_id
    ),

    renamed as (
        select
            -- ids
            force_code,
            action_ref,

            -- times
            version_at,
            due_on as first_due_on,
            coalesce(revised_due_on, due_on) as due_on
        from known
        where
            recency = 1
            and not is_tombstone
            -- The first log also counts for the time before it (mart contract, Time).
            and (version_at <= as_at or version_at = first_delivery_at)
    )

select *
from renamed
