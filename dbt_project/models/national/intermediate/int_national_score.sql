with
    scored as (
        select
            position.force_code,
            position.reporting_force_code,
            position.point_code,
            position.comparison_group,
            (position.value - centre.centre)
            / {{ binomial_deviation("centre.centre", "position.denominator") }} as z_score
        from {{ ref("int_national_position") }} as position
        inner join
            {{ ref("int_national_centre") }} as centre
            on position.force_code = centre.force_code
            and position.comparison_group = centre.comparison_group
            and position.point_code = centre.point_code
        where position.is_alike and position.denominator > 0 and centre.centre is not null
    )

select *
from scored
