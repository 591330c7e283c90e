with
    source as (select * from {{ source("audit", "correction") }}),

    batch as (select * from {{ source("audit", "batch") }}),

    build as (select * from {{ ref("stg_audit__build") }}),

    comparison as (select * from {{ ref("stg_audit__comparison") }}),

    since_compared_publication as (
        select
            -- text
            batch.force_code,
            batch.dataset,
            source.table_name,
            source.column_name,
            source.was,
            source.became,

            -- numbers
            sum(source.records) as records
        from source
        inner join batch on source.batch_id = batch.batch_id
        inner join comparison on source.batch_id > comparison.known_batch_id
        inner join build on source.batch_id <= build.known_batch_id
        where source.is_correction
        group by
            batch.force_code,
            batch.dataset,
            source.table_name,
            source.column_name,
            source.was,
            source.became
    )

select *
from since_compared_publication
