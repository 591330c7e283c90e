with
    final as (
        select
            measure.force_code,
            measure.measure_code,
            measure.point_code,
            measure.period_start,
            measure.org_unit_code,
            measure.is_complete as is_complete_period,
            measure.numerator,
            measure.denominator,
            measure.value,
            measure.ci_low,
            measure.ci_high,
            measure.own_numerator,
            measure.own_denominator,
            build.publication_id
        from {{ ref("int_measure") }} as measure
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
