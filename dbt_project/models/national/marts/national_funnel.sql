with
    final as (
        select
            funnel.force_code,
            funnel.reporting_force_code,
            funnel.force_name,
            funnel.comparison_group,
            funnel.point_code,
            funnel.point_label,
            funnel.state,
            funnel.numerator,
            funnel.denominator,
            funnel.value,
            funnel.centre,
            funnel.lower_95,
            funnel.upper_95,
            funnel.lower_998,
            funnel.upper_998,
            funnel.exact_lower_95,
            funnel.exact_upper_95,
            funnel.exact_lower_998,
            funnel.exact_upper_998,
            funnel.over_dispersion,
            funnel.phi,
            funnel.reading,
            funnel.why_not_compared,
            build.publication_id
        from {{ ref("int_national_funnel") }} as funnel
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
