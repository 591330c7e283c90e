with
    final as (
        select
            strand.force_code,
            strand.strand,
            {{ label("strand", "strand.strand") }} as strand_label,
            {{ point_of("strand") }} as point_code,
            point.title as point_label,
            measure.measure_code,
            measure.title as measure_label,
            unit.org_unit_code,
            unit.org_unit_name as org_unit_label,
            strand.plan_ref,
            strand.has_owner,
            strand.approved_on,
            strand.review_due_on,
            strand.has_evidence,
            strand.is_met,
            strand.is_met_on_time,
            strand.as_on,
            strand.as_on as date_day,
            build.publication_id
        from {{ ref("int_plan_strand") }} as strand
        cross join {{ ref("stg_audit__build") }} as build
        left join {{ ref("point_words") }} as point on point.point_code = {{ point_of("strand") }}
        left join
            {{ ref("policy_measure") }} as measure
            on measure.measure_code = {{ first_measure("strand") }}
        left join
            {{ ref("int_org_unit") }} as unit
            on strand.force_code = unit.force_code
            and unit.org_unit_code = 'ALL'
            {{ label_join("strand", "strand.strand") }}
    )

select *
from final
