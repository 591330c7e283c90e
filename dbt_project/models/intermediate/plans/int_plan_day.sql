with
    days as (
        select point.force_code, spine.day
        from {{ ref("int_point") }} as point
        cross join {{ ref("stg_audit__build") }} as build
        cross join
            {{ day_spine("least(point.starts_on, build.as_at_day)", "build.as_at_day") }} as spine
        where point.point_code = {{ point_of("strand") }}
    ),

    complete_plan as (
        select *
        from {{ ref("stg_governance__plan") }}
        where has_owner and has_evidence and approved_on is not null and review_due_on is not null
    ),

    final as (
        select
            days.force_code,
            days.day,
            strand.strand,
            count(plan.plan_ref) > 0 as is_met,
            min(plan.plan_ref) as plan_ref
        from days
        inner join {{ ref("policy_plan_strand") }} as strand on {{ in_force("strand", "days.day") }}
        left join
            complete_plan as plan
            on days.force_code = plan.force_code
            and strand.strand = plan.strand
            and plan.approved_on <= days.day
            and plan.review_due_on >= days.day
        group by days.force_code, days.day, strand.strand
    )

select *
from final
