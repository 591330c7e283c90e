-- The monthly shares for the force and its districts with small numbers suppressed: a cell in
-- which the count, or what is left of the total, is small; and where a month has just one such
-- district, the smallest other one too, so that the total does not give the first away.
with
    threshold as (
        select policy.value as smallest
        from {{ ref("policy_threshold") }} as policy
        cross join {{ ref("stg_audit__build") }} as build
        where policy.name = 'suppression_threshold' and {{ in_force("policy", "build.as_at_day") }}
    ),

    cell as (
        select
            measure.force_code,
            measure.measure_code,
            measure.point_code,
            measure.period_start,
            measure.org_unit_code,
            measure.numerator,
            measure.denominator,
            measure.value,
            measure.org_unit_code = 'ALL' as is_force,
            -- Strands are not people: there is nobody to protect in them.
            measure.point_code <> 'INTEL_PLAN'
            and {{
                is_small(
                    "measure.numerator",
                    "measure.denominator",
                    "threshold.smallest",
                )
            }} as is_small
        from {{ ref("int_measure") }} as measure
        inner join
            {{ ref("policy_measure") }} as policy
            on measure.measure_code = policy.measure_code
            and policy.unit_of_value = 'share'
        inner join
            {{ ref("int_org_unit") }} as unit
            on measure.force_code = unit.force_code
            and measure.org_unit_code = unit.org_unit_code
        cross join threshold
        where measure.org_unit_code = 'ALL' or unit.kind = 'DISTRICT'
    ),

    counted as (
        select
            *,
            sum(case when is_small then 1 else 0 end) over (
                partition by force_code, measure_code, period_start, is_force
            ) as small_cells,
            row_number() over (
                partition by force_code, measure_code, period_start, is_force, is_small
                order by denominator, org_unit_code
            ) as place
        from cell
    ),

    judged as (
        select *, is_small or (not is_force and small_cells = 1 and place = 1) as is_suppressed
        from counted
    ),

    final as (
        select
            force_code,
            measure_code,
            point_code,
            period_start,
            org_unit_code,
            is_suppressed,
            case when not is_suppressed then numerator end as numerator,
            case when not is_suppressed then denominator end as denominator,
            case when not is_suppressed then value end as value
        from judged
    )

select *
from final
