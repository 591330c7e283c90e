{{ config(alias="assurance_position", tags=["sealed"]) }}

with
    position_with_release as (
        select
            position.*,
            -- Strands are not people, so their figures on the as-at day may be shown.
            position.point_code = 'INTEL_PLAN' as is_always_shown,
            released.figures_from,
            released.figures_to,
            released.numerator as released_numerator,
            released.denominator as released_denominator
        from {{ ref("assurance_position") }} as position
        left join
            {{ ref("int_public_position") }} as released
            on position.force_code = released.force_code
            and position.point_code = released.point_code
    ),

    final as (
        select
            force_code,
            point_code,
            as_at,
            status,
            not is_always_shown and figures_to is null as is_suppressed,
            figures_from,
            figures_to,
            case when is_always_shown then numerator else released_numerator end as numerator,
            case when is_always_shown then denominator else released_denominator end as denominator,
            case
                when is_always_shown
                then value
                else {{ share("released_numerator", "released_denominator") }}
            end as value,
            deadline,
            days_to_deadline,
            status_at_deadline,
            source_status,
            publication_id
        from position_with_release
    )

select *
from final
