with
    final as (
        select
            measure.force_code,
            measure.measure_code,
            words.title as measure_label,
            measure.point_code,
            point.title as point_label,
            measure.period_start,
            measure.period_start as date_day,
            measure.org_unit_code,
            unit.org_unit_name as org_unit_label,
            unit.kind as org_unit_kind,
            measure.own_denominator is distinct from measure.denominator as includes_units_below,
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
        left join {{ ref("policy_measure") }} as words on measure.measure_code = words.measure_code
        left join {{ ref("point_words") }} as point on measure.point_code = point.point_code
        left join
            {{ ref("int_org_unit") }} as unit
            on measure.force_code = unit.force_code
            and measure.org_unit_code = unit.org_unit_code
    )

select *
from final
