with
    final as (
        select
            officer.force_code,
            officer.officer_version_key,
            officer.officer_key,
            officer.valid_from,
            officer.valid_to,
            build.as_at_day >= officer.valid_from
            and build.as_at_day < officer.valid_to as is_current,
            officer.is_resolved,
            officer.employment_type,
            officer.rank_grade,
            officer.role_code,
            officer.org_unit_code,
            officer.absence_status,
            build.publication_id
        from {{ ref("int_officer_version") }} as officer
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
