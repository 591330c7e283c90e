with
    final as (
        select
            force_code,
            voice,
            period_start,
            is_complete,
            numerator,
            denominator,
            value,
            ci_low,
            ci_high,
            days_contradicted,
            days_said_complete,
            publication_id
        from {{ ref("int_voice_month") }}
    )

select *
from final
