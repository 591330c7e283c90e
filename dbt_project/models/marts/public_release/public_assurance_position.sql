-- Built after the gate, as the position is that it takes from.
{{ config(alias="assurance_position", tags=["sealed"]) }}

with
    threshold as (
        select policy.value as smallest
        from {{ ref("policy_threshold") }} as policy
        cross join {{ ref("stg_audit__build") }} as build
        where policy.name = 'suppression_threshold' and {{ in_force("policy", "build.as_at_day") }}
    ),

    judged as (
        select
            position.*,
            -- Three strands are not people: there is nobody to protect in them.
            position.point_code <> 'INTEL_PLAN'
            and {{
                is_small(
                    "position.numerator",
                    "position.denominator",
                    "threshold.smallest",
                )
            }} as is_suppressed
        from {{ ref("assurance_position") }} as position
        cross join threshold
    ),

    final as (
        select
            force_code,
            point_code,
            as_at,
            status,
            is_suppressed,
            case when not is_suppressed then numerator end as numerator,
            case when not is_suppressed then denominator end as denominator,
            case when not is_suppressed then value end as value,
            deadline,
            days_to_deadline,
            status_at_deadline,
            source_status,
            publication_id
        from judged
    )

select *
from final
