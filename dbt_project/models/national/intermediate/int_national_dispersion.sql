-- Spiegelhalter 2005, section 4: the scores beyond the 10th and the 90th percentile are set to it,
-- and phi is the mean of their squares. It is divided by the number of forces less the number of
-- groups, because the centre of each group is estimated from the same forces.
with
    ends as (
        select
            score.force_code,
            score.point_code,
            count(*) as forces,
            count(distinct score.comparison_group) as comparison_groups,
            {{ percentile("score.z_score", winsorised_share(), "true") }} as lowest,
            {{ percentile("score.z_score", "1 - " ~ winsorised_share(), "true") }} as highest
        from {{ ref("int_national_score") }} as score
        group by score.force_code, score.point_code
    ),

    winsorised as (
        select
            ends.force_code,
            ends.point_code,
            ends.forces,
            ends.forces - ends.comparison_groups as degrees,
            score.reporting_force_code,
            greatest(ends.lowest, least(ends.highest, score.z_score)) as z_score
        from ends
        inner join
            {{ ref("int_national_score") }} as score
            on ends.force_code = score.force_code
            and ends.point_code = score.point_code
    ),

    added as (
        select
            force_code,
            point_code,
            forces,
            degrees,
            {{ sum_in_order("z_score * z_score", "reporting_force_code") }} as sum_of_squares
        from winsorised
        group by force_code, point_code, forces, degrees
    ),

    estimated as (
        select
            *,
            case when degrees > 0 then sum_of_squares / degrees end as phi,
            case
                when degrees > 0 then 1 + 2 * sqrt(cast(2 as {{ dbt.type_float() }}) / degrees)
            end as phi_by_chance
        from added
    ),

    final as (
        select
            force_code,
            point_code,
            forces,
            degrees,
            phi,
            phi_by_chance,
            case
                when phi is null
                then 'NOT_ESTIMATED'
                when phi > phi_by_chance
                then 'ALLOWED_FOR'
                else 'NONE'
            end as over_dispersion,
            case when phi > phi_by_chance then sqrt(phi) else 1 end as widened_by
        from estimated
    )

select *
from final
