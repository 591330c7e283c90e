with
    source as (select * from {{ source("audit", "restore_drill") }}),

    final as (
        select
            -- ids
            source.drill_id,
            source.publication_id as computed_publication_id,

            -- text
            source.content_fingerprint,

            -- numbers
            source.batches as batches_compared,
            cast(
                {{
                    nearest_whole(
                        hours_between("source.started_at", "source.finished_at") ~ " * 3600"
                    )
                }} as integer
            ) as seconds,

            -- booleans
            source.is_proven,

            -- times
            source.backup_made_at,
            source.finished_at
        from source
        inner join
            {{ ref("stg_audit__build") }} as build
            on source.drill_id <= build.known_drill_id
            and source.finished_at <= build.as_at
    )

select *
from final
