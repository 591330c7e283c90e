with
    final as (
        select
            edge.force_code,
            edge.comparison_group,
            edge.point_code,
            edge.denominator,
            edge.centre,
            edge.lower_998,
            edge.lower_95,
            edge.upper_95,
            edge.upper_998,
            edge.exact_lower_998,
            edge.exact_lower_95,
            edge.exact_upper_95,
            edge.exact_upper_998,
            edge.over_dispersion,
            build.publication_id
        from {{ ref("int_national_funnel_limit") }} as edge
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
