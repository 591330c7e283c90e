{{ config(alias="assurance_period") }}

with
    final as (
        select
            release.force_code,
            release.measure_code,
            release.point_code,
            release.period_start,
            release.period_end,
            release.org_unit_code,
            release.numerator,
            release.denominator,
            release.value,
            build.publication_id
        from {{ ref("int_public_release") }} as release
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
