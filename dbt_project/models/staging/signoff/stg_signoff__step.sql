with
    source as (select * from {{ source("signoff", "step") }}),

    withdrawal as (select * from {{ source("audit", "publication_withdrawal") }}),

    withdrawn as (
        select distinct withdrawal.publication_id
        from withdrawal
        inner join
            {{ ref("stg_audit__build") }} as build
            on withdrawal.withdrawn_from <= build.known_at
            and coalesce(withdrawal.withdrawn_until > build.known_at, true)
    ),

    final as (
        select
            -- ids
            source.entry_id,
            source.force_code,
            source.recommendation_code,
            source.point_code,
            source.made_on as made_on_publication,

            -- texts
            source.step,
            source.by_role,
            source.cause,
            source.status as status_then,
            source.evidence_sha256,

            -- numbers
            source.round,
            source.numerator as numerator_then,
            source.denominator as denominator_then,
            source.value as value_then,
            source.ci_low as ci_low_then,
            source.ci_high as ci_high_then,

            -- booleans
            withdrawn.publication_id is not null as made_on_was_withdrawn,

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
        left join withdrawn on source.made_on = withdrawn.publication_id
    )

select *
from final
