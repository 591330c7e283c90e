with
    final as (
        select
            unit.force_code,
            unit.org_unit_code,
            unit.org_unit_name,
            unit.parent_org_unit_code,
            unit.kind,
            unit.is_current,
            build.publication_id
        from {{ ref("int_org_unit") }} as unit
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
