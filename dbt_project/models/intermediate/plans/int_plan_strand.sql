with
    build as (select * from {{ ref("stg_audit__build") }}),

    plan as (
        select
            plan.*,
            coalesce(
                plan.has_owner
                and plan.has_evidence
                and plan.approved_on <= build.as_at_day
                and plan.review_due_on >= build.as_at_day,
                false
            ) as meets_requirement
        from {{ ref("stg_governance__plan") }} as plan
        cross join build
    ),

    ranked_plan as (
        select
            *,
            row_number() over (
                partition by force_code, strand
                order by
                    meets_requirement desc,
                    approved_on desc nulls last,
                    review_due_on desc nulls last,
                    plan_ref
            ) as preference
        from plan
    ),

    strand_on_deadline as (
        select plan_day.force_code, plan_day.strand, plan_day.is_met
        from {{ ref("int_plan_day") }} as plan_day
        inner join
            {{ ref("int_point") }} as point
            on plan_day.force_code = point.force_code
            and plan_day.day = point.deadline
        where point.point_code = {{ point_of("strand") }}
    ),

    final as (
        select
            force.force_code,
            strand.strand,
            ranked_plan.plan_ref,
            ranked_plan.version,
            ranked_plan.approved_on,
            ranked_plan.review_due_on,
            coalesce(ranked_plan.has_owner, false) as has_owner,
            coalesce(ranked_plan.has_evidence, false) as has_evidence,
            coalesce(ranked_plan.meets_requirement, false) as is_met,
            -- Before the deadline day, int_plan_day has no row for that day. Until then, a strand
            -- that is met today counts as met on time.
            coalesce(
                strand_on_deadline.is_met, ranked_plan.meets_requirement, false
            ) as is_met_on_time,
            build.as_at_day as as_on
        from {{ ref("policy_plan_strand") }} as strand
        cross join {{ ref("stg_audit__force") }} as force
        cross join build
        left join
            ranked_plan
            on force.force_code = ranked_plan.force_code
            and strand.strand = ranked_plan.strand
            and ranked_plan.preference = 1
        left join
            strand_on_deadline
            on force.force_code = strand_on_deadline.force_code
            and strand.strand = strand_on_deadline.strand
        where {{ in_force("strand", "build.as_at_day") }}
    )

select *
from final
