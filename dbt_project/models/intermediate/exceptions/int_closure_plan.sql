with
    final as (
        select
            gone.force_code,
            gone.exception_key,
            case
                when gone.exception_code = 'PLAN_STRAND_NOT_MET'
                then 'STRAND_MET'
                when coalesce(plan.plan_ref, milestone.plan_ref) is null
                then 'RECORD_WITHDRAWN'
                when milestone.completed_on is not null
                then 'COMPLETED'
                when gone.exception_code = 'PLAN_REVIEW_OVERDUE'
                then 'REVIEWED'
                else 'DATE_MOVED'
            end as closed_because,
            case
                when milestone.completed_on is not null
                then {{ london_midnight("milestone.completed_on") }}
            end as closed_at
        from {{ ref("int_exception_gone") }} as gone
        left join
            {{ ref("stg_governance__plan") }} as plan
            on gone.exception_code = 'PLAN_REVIEW_OVERDUE'
            and gone.force_code = plan.force_code
            and gone.record_ref = plan.plan_ref
        left join
            {{ ref("stg_governance__plan_milestone") }} as milestone
            on gone.exception_code = 'PLAN_MILESTONE_OVERDUE'
            and gone.force_code = milestone.force_code
            and gone.record_ref = milestone.plan_ref || ': ' || milestone.milestone
        where gone.point_code = 'INTEL_PLAN'
    )

select *
from final
