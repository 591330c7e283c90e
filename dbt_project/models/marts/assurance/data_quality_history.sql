{{ config(tags=["sealed"]) }}

with
    final as (
        select
            force.force_code,
            history.build_id,
            history.as_at,
            history.stage,
            history.table_name,
            history.check_name,
            history.description,
            history.dimension,
            history.severity,
            history.owner,
            case when history.is_passed then 'passed' else history.severity end as verdict,
            history.rows_checked,
            history.rows_failed,
            history.tolerated_share,
            history.checked_at,
            history.is_published,
            build.publication_id
        from {{ ref("stg_audit__expectation_history") }} as history
        cross join {{ ref("stg_audit__force") }} as force
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
