with
    team as (
        select
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            rolled_up_on,
            sum(numerator) as numerator,
            sum(denominator) as denominator
        from {{ ref("int_measure_record") }}
        -- Leave out measures in hours, which have no numerator.
        where numerator is not null
        group by force_code, measure_code, period_start, org_unit_code, rolled_up_on
        having sum(denominator) > 0
    ),

    counted as (
        select
            team.force_code,
            team.measure_code,
            team.period_start,
            coalesce(ancestor.ancestor_code, team.org_unit_code) as org_unit_code,
            team.numerator,
            team.denominator,
            coalesce(ancestor.ancestor_code, team.org_unit_code) = team.org_unit_code as is_own
        from team
        left join
            {{ ref("int_org_unit_ancestor") }} as ancestor
            on team.force_code = ancestor.force_code
            and team.org_unit_code = ancestor.org_unit_code
            and team.rolled_up_on >= ancestor.valid_from
            and team.rolled_up_on < ancestor.valid_to
        union all
        select force_code, measure_code, period_start, 'ALL', numerator, denominator, false
        from team
        -- Plan strands, and people who belong to no team, are rows of the force already.
        where org_unit_code <> 'ALL'
    ),

    final as (
        select
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            sum(numerator) as numerator,
            sum(denominator) as denominator,
            sum(case when is_own then numerator else 0 end) as own_numerator,
            sum(case when is_own then denominator else 0 end) as own_denominator
        from counted
        group by force_code, measure_code, period_start, org_unit_code
    )

select *
from final
