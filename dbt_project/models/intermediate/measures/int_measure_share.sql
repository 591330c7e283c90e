-- Numerator and denominator of every share by month, for each team, each unit above it and the
-- force; and which part of them is the unit's own, so that the parts of all units add up.
with
    leaf as (
        select
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            rolled_up_on,
            sum(numerator) as numerator,
            count(*) as denominator
        from {{ ref("int_measure_record") }}
        group by force_code, measure_code, period_start, org_unit_code, rolled_up_on
        union all
        select *
        from {{ ref("int_measure_headcount") }}
    ),

    above as (
        select
            leaf.force_code,
            leaf.measure_code,
            leaf.period_start,
            coalesce(ancestor.ancestor_code, leaf.org_unit_code) as org_unit_code,
            leaf.numerator,
            leaf.denominator,
            coalesce(ancestor.ancestor_code, leaf.org_unit_code) = leaf.org_unit_code as is_own
        from leaf
        left join
            {{ ref("int_org_unit_ancestor") }} as ancestor
            on leaf.force_code = ancestor.force_code
            and leaf.org_unit_code = ancestor.org_unit_code
            and leaf.rolled_up_on >= ancestor.valid_from
            and leaf.rolled_up_on < ancestor.valid_to
        union all
        select force_code, measure_code, period_start, 'ALL', numerator, denominator, false
        from leaf
    ),

    plan as (
        select
            month.force_code,
            month.measure_code,
            month.period_start,
            'ALL' as org_unit_code,
            case when plan_day.is_met then 1 else 0 end as numerator,
            1 as denominator,
            true as is_own
        from {{ ref("int_measure_month") }} as month
        inner join
            {{ ref("int_plan_day") }} as plan_day
            on month.force_code = plan_day.force_code
            and month.as_on = plan_day.day
        where month.measure_code = 'intel_plan_strands_met'
    ),

    counted as (
        select *
        from above
        union all
        select *
        from plan
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
