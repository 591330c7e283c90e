with
    final as (
        select
            freshness.force_code,
            freshness.dataset,
            freshness.last_record_at,
            freshness.last_landed_at,
            freshness.due_by,
            freshness.verdict,
            freshness.reason,
            build.publication_id
        from {{ ref("int_source_freshness") }} as freshness
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
