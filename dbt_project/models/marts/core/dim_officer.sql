with
    build as (select * from {{ ref("stg_audit__build") }}),

    version as (
        select
            officer.*,
            build.publication_id,
            build.as_at_day >= officer.valid_from
            and build.as_at_day < officer.valid_to as is_current
        from {{ ref("int_officer_version") }} as officer
        cross join build
    ),

    final as (
        select
            version.force_code,
            version.officer_version_key,
            version.officer_key,
            version.valid_from,
            version.valid_to,
            version.is_current,
            version.is_resolved,
            description.employment_type,
            description.rank_group,
            description.role_group,
            version.org_unit_code,
            version.publication_id
        from version
        left join
            {{ ref("int_officer_description") }} as description
            on version.is_current
            and version.force_code = description.force_code
            and version.officer_key = description.officer_key
    )

select *
from final
