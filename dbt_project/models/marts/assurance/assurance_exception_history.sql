with
    final as (
        select
            spell.force_code,
            spell.exception_key,
            spell.spell,
            spell.exception_code,
            spell.point_code,
            spell.record_ref,
            spell.org_unit_code,
            spell.officer_key,
            spell.opened_at,
            spell.first_seen_at,
            spell.closed_at,
            spell.closed_because,
            spell.is_open,
            spell.is_latest,
            build.publication_id
        from {{ ref("int_exception_spell") }} as spell
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
