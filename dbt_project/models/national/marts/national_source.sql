with
    final as (
        select
            freshness.force_code,
            freshness.reporting_force_code,
            freshness.source_dataset,
            freshness.verdict,
            freshness.last_record_at,
            freshness.due_by,
            build.publication_id
        from {{ ref("stg_national__freshness") }} as freshness
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            {{ ref("int_national_force") }} as force
            on freshness.reporting_force_code = force.reporting_force_code
    )

select *
from final
