-- Built after the gate: what its expectations found, by dataset and dimension.
{{ config(tags=["sealed"]) }}

with
    summary as (
        select
            result.dataset,
            result.dimension,
            result.severity,
            count(*) as expectations,
            sum(case when result.is_met then 0 else 1 end) as failed,
            max(result.checked_at) as checked_at
        from {{ ref("stg_audit__expectation_result") }} as result
        where result.stage <> 'sealed'
        group by result.dataset, result.dimension, result.severity
    ),

    final as (
        select
            force.force_code,
            summary.dataset,
            summary.dimension,
            summary.severity,
            summary.expectations,
            summary.failed,
            summary.checked_at,
            case when summary.failed = 0 then 'passed' else summary.severity end as verdict,
            build.publication_id
        from summary
        cross join {{ ref("stg_audit__force") }} as force
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
