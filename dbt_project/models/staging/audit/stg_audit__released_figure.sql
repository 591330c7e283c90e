with
    source as (select * from {{ source("audit", "released_figure") }}),

    known as (
        select
            -- ids
            source.release_id,
            source.force_code,
            source.measure_code,
            source.org_unit_code,

            -- numbers
            source.numerator,
            source.denominator - source.numerator as rest,

            -- booleans
            max(source.release_id) over (
                partition by
                    source.force_code, source.measure_code, source.period_start, source.period_end
            )
            = source.release_id as is_latest,

            -- times
            source.period_start,
            source.period_end
        from source
        inner join {{ ref("stg_audit__build") }} as build on source.released_at <= build.known_at
    )

select *
from known
