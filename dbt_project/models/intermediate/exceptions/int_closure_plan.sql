with
    final as (
        select
            closed.force_code,
            closed.exception_key,
            case
                when closed.exception_code = 'PLAN_STRAND_NOT_MET'
                then 'STRAND_MET'
                when coalesce(plan.plan_ref, milestone.plan_ref) is null
                then 'RECORD_WITHDRAWN'
                when milestone.completed_on is not null
                then 'COMPLETED'
                when superseded.plan_ref is not null
                then 'REPLACED'
                when closed.exception_code = 'PLAN_REVIEW_OVERDUE'
                then 'REVIEWED'
                else 'DATE_MOVED'
            end as closed_because,
            case
                when milestone.completed_on is not null
                then {{ london_midnight("milestone.completed_on") }}
            end as closed_at
        from {{ ref("int_exception_newly_closed") }} as closed
        left join
            {{ ref("stg_governance__plan") }} as plan
            on closed.exception_code = 'PLAN_REVIEW_OVERDUE'
            and closed.force_code = plan.force_code
            and closed.record_ref = plan.plan_ref
        left join
            {{ ref("stg_governance__plan_milestone") }} as milestone
            on closed.exception_code = 'PLAN_MILESTONE_OVERDUE'
            and closed.force_code = milestone.force_code
            and closed.record_ref = milestone.plan_ref || ': ' || milestone.milestone
        left join
            {{ ref("int_superseded_plan") }} as superseded
            on closed.force_code = superseded.force_code
            and coalesce(plan.plan_ref, milestone.plan_ref) = superseded.plan_ref
        where closed.exception_code like 'PLAN_%'
    )

select *
from final
