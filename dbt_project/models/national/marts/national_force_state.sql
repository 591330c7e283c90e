with
    final as (
        select
            force.force_code,
            force.reporting_force_code,
            force.force_name,
            force.comparison_group,
            force.group_name,
            force.state,
            force.why_unknown,
            force.caveat,
            force.force_publication_id,
            force.force_as_at,
            force.force_published_at,
            force.force_verdict,
            force.force_fingerprint,
            force.newest_delivery_at,
            build.publication_id
        from {{ ref("int_national_force") }} as force
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
