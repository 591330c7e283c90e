with
    source as (select * from {{ source("audit", "released_figure") }}),

    known as (
        select
            source.publication_id,
            source.force_code,
            source.measure_code,
            source.period_start,
            source.period_end,
            source.org_unit_code,
            source.numerator,
            source.denominator - source.numerator as rest,
            max(source.publication_id) over (
                partition by
                    source.force_code, source.measure_code, source.period_start, source.period_end
            )
            = source.publication_id as is_latest
        from source
        inner join {{ ref("stg_audit__build") }} as build on source.released_at <= build.known_at
    )

select *
from known
