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
            {{ label("requirement", "requirement.requirement_code") }} as requirement_label,
            requirement.point_code,
            point.title as point_label,
            measure.measure_code,
            measure.title as measure_label,
            requirement.org_unit_code,
            unit.org_unit_name as org_unit_label,
            requirement.is_in_post,
            requirement.is_long_term_absent,
            requirement.is_in_post and not requirement.is_long_term_absent as is_counted,
            requirement.is_complete,
            requirement.completed_on,
            requirement.is_package_complete,
            requirement.as_on,
            requirement.as_on as date_day,
            build.publication_id
        from {{ ref("int_training_today") }} as requirement
        cross join build
        left join
            officer
            on requirement.force_code = officer.force_code
            and requirement.officer_key = officer.officer_key
        left join
            {{ ref("policy_measure") }} as measure
            on requirement.measure_code = measure.measure_code
        left join {{ ref("point_words") }} as point on requirement.point_code = point.point_code
        left join
            {{ ref("int_org_unit") }} as unit
            on requirement.force_code = unit.force_code
            and requirement.org_unit_code = unit.org_unit_code
            {{ label_join("requirement", "requirement.requirement_code") }}
    )

select *
from final
