with
    final as (
        select
            month.force_code,
            month.measure_code,
            month.point_code,
            month.is_snapshot,
            month.period_start,
            month.is_complete as is_complete_period,
            month.numerator,
            month.denominator,
            month.value,
            month.target,
            month.kind,
            month.centre,
            month.lower,
            month.upper,
            month.variation,
            month.special_cause,
            month.assurance,
            month.why_no_assurance,
            month.baseline_from,
            month.baseline_to,
            cast(month.baseline_months as integer) as baseline_months,
            month.baseline_reason,
            month.baseline_decided_by,
            month.baseline_decided_on,
            month.why_none,
            build.publication_id
        from {{ ref("int_spc") }} as month
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
