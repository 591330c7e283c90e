-- Each strand with the plan that speaks for it today: one that meets the requirement before one
-- that does not, then the latest approved.
with
    build as (select * from {{ ref("stg_audit__build") }}),

    plan as (
        select
            plan.*,
            coalesce(
                plan.owner_role is not null
                and plan.evidence_ref is not null
                and plan.approved_on <= build.as_at_day
                and plan.review_due_on >= build.as_at_day,
                false
            ) as is_meeting
        from {{ ref("stg_governance__plan") }} as plan
        cross join build
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by force_code, strand
                order by
                    is_meeting desc,
                    approved_on desc nulls last,
                    review_due_on desc nulls last,
                    plan_ref
            ) as place
        from plan
    ),

    on_deadline as (
        select plan_day.force_code, plan_day.strand, plan_day.is_met
        from {{ ref("int_plan_day") }} as plan_day
        inner join
            {{ ref("int_point") }} as point
            on plan_day.force_code = point.force_code
            and plan_day.day = point.deadline
        where point.point_code = 'INTEL_PLAN'
    ),

    final as (
        select
            force.force_code,
            strand.strand,
            ranked.plan_ref,
            ranked.version,
            ranked.approved_on,
            ranked.review_due_on,
            coalesce(ranked.owner_role is not null, false) as has_owner,
            coalesce(ranked.evidence_ref is not null, false) as has_evidence,
            coalesce(ranked.is_meeting, false) as is_met,
            -- Before the deadline has come, what is met today is on time so far.
            coalesce(on_deadline.is_met, ranked.is_meeting, false) as is_met_on_time,
            build.as_at_day as as_on
        from {{ ref("policy_plan_strand") }} as strand
        cross join {{ ref("stg_audit__force") }} as force
        cross join build
        left join
            ranked
            on force.force_code = ranked.force_code
            and strand.strand = ranked.strand
            and ranked.place = 1
        left join
            on_deadline
            on force.force_code = on_deadline.force_code
            and strand.strand = on_deadline.strand
        where {{ in_force("strand", "build.as_at_day") }}
    )

select *
from final
