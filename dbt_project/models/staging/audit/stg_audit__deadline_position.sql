with
    source as (select * from {{ source("audit", "deadline_position") }}),

    build as (select * from {{ source("audit", "build") }}),

    known as (
        select
            -- ids
            source.force_code,
            source.point_code,

            -- text
            source.status,

            -- numbers
            source.value,

            -- times
            {{ london_day("source.as_at") }} as deadline
        from source
        cross join {{ ref("stg_audit__build") }} as this
        inner join build on this.publication_id = build.build_id
        where build.steps_from is null or source.computed_at <= build.steps_from
    )

select *
from known
