with
    final as (
        select
            figure.force_code,
            figure.reporting_force_code,
            figure.measure_code,
            measure.title as measure_label,
            measure.point_code,
            figure.period_start,
            figure.is_complete_period,
            figure.numerator,
            figure.denominator,
            figure.value,
            build.publication_id
        from {{ ref("stg_national__measure") }} as figure
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("int_national_force") }} as force
            on figure.reporting_force_code = force.reporting_force_code
        -- The measures that only one force has stay in its own warehouse.
        inner join
            {{ ref("policy_measure") }} as measure on figure.measure_code = measure.measure_code
        where force.state = 'REPORTED'
    )

select *
from final
