{{ config(tags=["sealed"]) }}

with
    checks_by_dimension as (
        select
            result.dataset,
            result.dimension,
            result.severity,
            count(*) as expectations,
            sum(case when result.is_passed then 0 else 1 end) as failed,
            max(result.checked_at) as checked_at
        from {{ ref("stg_audit__expectation_result") }} as result
        where result.stage <> 'sealed'
        group by result.dataset, result.dimension, result.severity
    ),

    final as (
        select
            force.force_code,
            checks_by_dimension.dataset,
            checks_by_dimension.dimension,
            checks_by_dimension.severity,
            checks_by_dimension.expectations,
            checks_by_dimension.failed,
            checks_by_dimension.checked_at,
            case
                when checks_by_dimension.failed = 0 then 'passed' else checks_by_dimension.severity
            end as verdict,
            build.publication_id
        from checks_by_dimension
        cross join {{ ref("stg_audit__force") }} as force
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
