-- Anybody can put a file into the dropzone, so a file name can contain any characters. Only
-- harmless characters are shown.
with
    source as (select * from {{ source("audit", "not_taken") }}),

    attempt as (select * from {{ source("audit", "extraction") }}),

    build as (select * from {{ ref("stg_audit__build") }}),

    latest_attempt as (
        select attempt.force_code, attempt.dataset, max(attempt.extraction_id) as extraction_id
        from attempt
        inner join build on attempt.run_id = build.run_id and attempt.started_at <= build.known_at
        group by attempt.force_code, attempt.dataset
    ),

    found as (
        select
            -- text
            latest_attempt.force_code,
            latest_attempt.dataset,
            left({{ replace_all_but("source.name", "A-Za-z0-9 ._()/~$-", "?") }}, 60) as name,
            source.reason,

            -- booleans
            lower(source.name) like '%.part' or lower(source.name) like '%.tmp' as is_unfinished
        from source
        cross join build
        inner join latest_attempt on source.extraction_id = latest_attempt.extraction_id
        where coalesce(source.modified_at <= build.as_at, true)
    )

select *
from found
