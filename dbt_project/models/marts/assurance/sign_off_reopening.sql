with
    final as (
        select
            force_code,
            recommendation_code,
            point_code,
            round,
            cause,
            words,
            found_at,
            publication_id
        from {{ ref("int_sign_off_reopening") }}
    )

select *
from final
