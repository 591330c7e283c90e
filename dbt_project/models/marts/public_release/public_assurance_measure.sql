{{ config(alias="assurance_measure") }}

with
    final as (
        select
            measure.force_code,
            measure.measure_code,
            measure.point_code,
            measure.period_start,
            measure.org_unit_code,
            measure.is_suppressed,
            measure.numerator,
            measure.denominator,
            measure.value,
            build.publication_id
        from {{ ref("int_public_measure") }} as measure
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
