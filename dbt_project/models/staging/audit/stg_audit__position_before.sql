with
    source as (select * from {{ source("audit", "published_position") }}),

    of_compared_publication as (
        select
            -- ids
            source.force_code,
            source.point_code,
            comparison.publication_id as compared_with,

            -- text
            source.status,
            source.status_word,

            -- numbers
            source.value,
            source.target,

            -- times
            comparison.as_at as compared_as_at,
            source.deadline,
            source.status_since
        from source
        inner join
            {{ ref("stg_audit__comparison") }} as comparison
            on source.publication_id = comparison.publication_id
    )

select *
from of_compared_publication
