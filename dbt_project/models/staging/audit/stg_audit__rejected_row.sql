with
    source as (select * from {{ source("audit", "rejected_row") }}),

    batch as (select * from {{ source("audit", "batch") }}),

    in_quarantine as (
        select
            -- text
            batch.force_code,
            batch.dataset,
            coalesce(
                source.row_key,
                md5(cast(source.content as {{ dbt.type_string() }})),
                cast(source.rejected_id as {{ dbt.type_string() }})
            ) as record_key,

            -- booleans
            batch.kind = 'file'
            and dense_rank() over (
                partition by batch.force_code, batch.dataset, batch.kind
                order by batch.delivered_for desc, batch.batch_id desc
            )
            = 1 as is_of_newest_file
        from batch
        inner join {{ ref("stg_audit__build") }} as build on batch.batch_id <= build.known_batch_id
        left join
            source
            on batch.batch_id = source.batch_id
            and coalesce(source.replayed_in > build.known_batch_id, true)
        where
            batch.status = 'landed'
            and case
                when batch.kind = 'file'
                then batch.delivered_for <= build.as_at
                -- The first extraction of a database brings its whole past. A later one asks for
                -- what changed since the one before it.
                else
                    coalesce(batch.cursor_from <= build.as_at, true)
                    and coalesce(
                        {{ moment_in("source.content", "created_at") }} <= build.as_at, true
                    )
            end
    )

select *
from in_quarantine
where record_key is not null
