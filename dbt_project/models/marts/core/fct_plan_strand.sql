with
    final as (
        select
            strand.force_code,
            strand.strand,
            strand.plan_ref,
            strand.has_owner,
            strand.approved_on,
            strand.review_due_on,
            strand.has_evidence,
            strand.is_met,
            strand.is_met_on_time,
            strand.as_on,
            build.publication_id
        from {{ ref("int_plan_strand") }} as strand
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
