with
    final as (
        select
            centre.force_code,
            centre.comparison_group,
            comparison.group_name,
            centre.point_code,
            words.title as point_label,
            centre.forces_in_group,
            centre.forces,
            centre.numerator,
            centre.denominator,
            centre.centre,
            centre.why_none,
            dispersion.over_dispersion,
            dispersion.phi,
            dispersion.phi_by_chance,
            build.publication_id
        from {{ ref("int_national_centre") }} as centre
        cross join {{ ref("stg_audit__build") }} as build
        inner join
            (
                select distinct comparison_group, group_name from {{ ref("int_national_force") }}
            ) as comparison
            on centre.comparison_group = comparison.comparison_group
        inner join {{ ref("point_words") }} as words on centre.point_code = words.point_code
        left join
            {{ ref("int_national_dispersion") }} as dispersion
            on centre.force_code = dispersion.force_code
            and centre.point_code = dispersion.point_code
    )

select *
from final
