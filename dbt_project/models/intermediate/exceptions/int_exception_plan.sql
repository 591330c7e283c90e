with
    build as (select * from {{ ref("stg_audit__build") }}),

    superseded as (select * from {{ ref("int_superseded_plan") }}),

    final as (
        select
            plan.force_code,
            'PLAN_REVIEW_OVERDUE' as exception_code,
            {{ point_of("strand") }} as point_code,
            plan.plan_ref as record_ref,
            {{ london_midnight(add_days("plan.review_due_on", 1)) }} as opened_at
        from {{ ref("stg_governance__plan") }} as plan
        cross join build
        left join
            superseded
            on plan.force_code = superseded.force_code
            and plan.plan_ref = superseded.plan_ref
        where plan.review_due_on < build.as_at_day and superseded.plan_ref is null
        union all
        select
            strand.force_code,
            'PLAN_STRAND_NOT_MET',
            {{ point_of("strand") }},
            strand.strand,
            {{ london_midnight("point.starts_on") }}
        from {{ ref("int_plan_strand") }} as strand
        inner join {{ ref("int_point") }} as point on strand.force_code = point.force_code
        cross join build
        where
            not strand.is_met
            and point.point_code = {{ point_of("strand") }}
            and point.starts_on <= build.as_at_day
        union all
        select
            milestone.force_code,
            'PLAN_MILESTONE_OVERDUE',
            {{ point_of("strand") }},
            milestone.plan_ref || ': ' || milestone.milestone,
            {{ london_midnight(add_days("milestone.due_on", 1)) }}
        from {{ ref("stg_governance__plan_milestone") }} as milestone
        cross join build
        left join
            superseded
            on milestone.force_code = superseded.force_code
            and milestone.plan_ref = superseded.plan_ref
        where
            milestone.completed_on is null
            and milestone.due_on < build.as_at_day
            and superseded.plan_ref is null
    )

select *
from final
