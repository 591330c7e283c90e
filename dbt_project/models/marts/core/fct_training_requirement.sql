with
    build as (select * from {{ ref("stg_audit__build") }}),

    -- Filter to the versions valid on the as-at day before the join, because most versions are for
    -- other days.
    officer as (
        select version.*
        from {{ ref("int_officer_version") }} as version
        inner join
            build on build.as_at_day >= version.valid_from and build.as_at_day < version.valid_to
    ),

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
        cross join build
        left join
            officer
            on requirement.force_code = officer.force_code
            and requirement.officer_key = officer.officer_key
    )

select *
from final
