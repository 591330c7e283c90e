with
    final as (
        select
            step.force_code,
            step.recommendation_code,
            step.point_code,
            step.round,
            step.step,
            step.made_at as at,
            step.by_role,
            step.cause,
            case
                when step.point_code is null then 'EVIDENCE_ALONE' else 'FIGURE_AND_EVIDENCE'
            end as rests_on,
            step.made_on_publication,
            step.made_on_as_at,
            step.made_on_was_withdrawn,
            step.status_then,
            step.numerator_then,
            step.denominator_then,
            step.value_then,
            step.ci_low_then,
            step.ci_high_then,
            step.evidence_sha256,
            step.evidence_state,
            step.evidence_checked_at,
            step.is_in_force,
            build.publication_id
        from {{ ref("int_sign_off") }} as step
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
