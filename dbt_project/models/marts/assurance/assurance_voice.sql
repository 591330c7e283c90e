with
    final as (
        select
            voice.force_code,
            voice.point_code,
            voice.voice,
            voice.changed_on,
            voice.stood_until,
            voice.status,
            voice.is_assured,
            build.publication_id
        from {{ ref("int_voice_change") }} as voice
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
