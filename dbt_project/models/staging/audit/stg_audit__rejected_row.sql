with
    source as (select * from {{ source("audit", "rejected_row") }}),

    batch as (select * from {{ source("audit", "batch") }}),

    in_quarantine as (
        select
            -- text
            batch.force_code,
            batch.dataset,
            coalesce(
                source.row_key, cast(source.rejected_id as {{ dbt.type_string() }})
            ) as record_key,

            -- booleans
            batch.batch_id = max(case when batch.kind = 'file' then batch.batch_id end) over (
                partition by batch.force_code, batch.dataset
            ) as is_of_newest_file
        from batch
        inner join {{ ref("stg_audit__build") }} as build on batch.batch_id <= build.known_batch_id
        left join
            source
            on batch.batch_id = source.batch_id
            and coalesce(source.replayed_in > build.known_batch_id, true)
        where
            batch.status = 'landed' and (batch.kind <> 'file' or batch.delivered_for <= build.as_at)
    )

select *
from in_quarantine
where record_key is not null
