with
    step as (
        select
            *,
            max(case when step = 'REOPENED' then entry_id end) over (
                partition by force_code, recommendation_code
            ) as last_reopening,
            max(entry_id) over (partition by force_code, recommendation_code) as last_entry
        from {{ ref("stg_signoff__step") }}
    ),

    evidence as (select * from {{ ref("stg_signoff__evidence_check") }}),

    final as (
        select
            step.force_code,
            step.recommendation_code,
            step.point_code,
            step.round,
            step.step,
            step.made_at,
            step.cause,
            step.made_on_as_at,
            step.status_then,
            step.value_then,
            step.ci_low_then,
            step.ci_high_then,
            evidence.evidence_state,
            -- A reopening is in force until another step is made.
            case
                when step.step = 'REOPENED'
                then step.entry_id = step.last_entry
                else step.entry_id > coalesce(step.last_reopening, 0)
            end as is_in_force
        from step
        left join evidence on step.entry_id = evidence.entry_id
    )

select *
from final
