with
    source as (select * from {{ source("signoff", "step") }}),

    final as (
        select
            -- ids
            source.entry_id,
            source.force_code,
            source.recommendation_code,
            source.point_code,

            -- texts
            source.step,
            source.cause,
            source.status as status_then,

            -- numbers
            source.round,
            source.value as value_then,
            source.ci_low as ci_low_then,
            source.ci_high as ci_high_then,

            -- times
            source.as_at as made_on_as_at,
            -- The pipeline enters such a reopening only after the publication that found the cause.
            -- So the reopening gets the as-at moment of that publication.
            case
                when source.cause in ('SLIPPED', 'RESTATED')
                then source.as_at
                else source.entered_at
            end as made_at
        from source
        inner join
            {{ ref("stg_audit__build") }} as build
            on source.as_at <= build.as_at
            and source.entered_at <= build.known_at
    )

select *
from final
