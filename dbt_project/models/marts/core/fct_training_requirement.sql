with
    final as (
        select
            requirement.force_code,
            requirement.officer_key,
            officer.officer_version_key,
            requirement.requirement_code,
            requirement.point_code,
            requirement.org_unit_code,
            requirement.is_in_post,
            requirement.is_long_term_absent,
            requirement.is_complete,
            requirement.completed_on,
            requirement.is_package_complete,
            requirement.as_on,
            build.publication_id
        from {{ ref("int_training_today") }} as requirement
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("int_officer_version") }} as officer
            on requirement.force_code = officer.force_code
            and requirement.officer_key = officer.officer_key
            and build.as_at_day >= officer.valid_from
            and build.as_at_day < officer.valid_to
    )

select *
from final
