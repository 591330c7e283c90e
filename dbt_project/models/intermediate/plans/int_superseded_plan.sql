with
    approved as (
        select
            plan.force_code,
            plan.strand,
            plan.plan_ref,
            plan.approved_on,
            plan.has_owner
            and plan.has_evidence
            and plan.review_due_on >= build.as_at_day as is_complete
        from {{ ref("stg_governance__plan") }} as plan
        cross join {{ ref("stg_audit__build") }} as build
        where plan.approved_on <= build.as_at_day
    ),

    final as (
        select approved.force_code, approved.plan_ref
        from approved
        where
            exists (
                select 1
                from approved as later
                where
                    later.force_code = approved.force_code
                    and later.strand = approved.strand
                    and later.approved_on > approved.approved_on
                    and later.is_complete
            )
    )

select *
from final
