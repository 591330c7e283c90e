with
    final as (
        select
            position.force_code,
            position.reporting_force_code,
            position.force_name,
            position.comparison_group,
            position.point_code,
            position.point_label,
            position.measure_code,
            position.state,
            position.why_unknown,
            position.status,
            position.numerator,
            position.denominator,
            position.value,
            position.force_publication_id,
            position.force_as_at,
            position.target,
            position.target_unit,
            position.deadline,
            position.policy_confirmed,
            position.is_alike,
            position.last_publication_id,
            position.last_as_at,
            position.last_numerator,
            position.last_denominator,
            position.last_value,
            position.caveat,
            build.publication_id
        from {{ ref("int_national_position") }} as position
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
