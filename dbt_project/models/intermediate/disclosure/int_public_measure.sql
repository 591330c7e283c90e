with
    month as (
        select
            month.force_code,
            month.measure_code,
            month.point_code,
            month.period_start,
            coalesce(public_measure.counted_as = 'strands', false) as is_open
        from {{ ref("int_measure_month") }} as month
        left join
            {{ ref("policy_public_measure") }} as public_measure
            on month.measure_code = public_measure.measure_code
            and {{ in_force("public_measure", "month.period_start") }}
    ),

    released as (
        select *
        from {{ ref("int_public_release") }}
        where period_end = {{ month_end("period_start") }} and org_unit_code <> 'REST'
    ),

    -- A row that was shown to the public is shown again, even if its unit is no longer a district.
    cell as (
        select
            month.force_code,
            month.measure_code,
            month.point_code,
            month.period_start,
            unit.org_unit_code
        from month
        inner join {{ ref("int_org_unit") }} as unit on month.force_code = unit.force_code
        where unit.org_unit_code = 'ALL' or (unit.kind = 'DISTRICT' and not month.is_open)
        union
        select force_code, measure_code, point_code, period_start, org_unit_code
        from released
    ),

    open_figure as (
        select measure.*
        from {{ ref("int_measure") }} as measure
        inner join
            month
            on measure.force_code = month.force_code
            and measure.measure_code = month.measure_code
            and measure.period_start = month.period_start
        where month.is_open
    ),

    final as (
        select
            cell.force_code,
            cell.measure_code,
            cell.point_code,
            cell.period_start,
            cell.org_unit_code,
            released.force_code is null and open_figure.force_code is null as is_suppressed,
            coalesce(open_figure.numerator, released.numerator) as numerator,
            coalesce(open_figure.denominator, released.denominator) as denominator,
            coalesce(
                {{ share("open_figure.numerator", "open_figure.denominator") }}, released.value
            ) as value
        from cell
        left join
            open_figure
            on cell.force_code = open_figure.force_code
            and cell.measure_code = open_figure.measure_code
            and cell.period_start = open_figure.period_start
            and cell.org_unit_code = open_figure.org_unit_code
        left join
            released
            on cell.force_code = released.force_code
            and cell.measure_code = released.measure_code
            and cell.period_start = released.period_start
            and cell.org_unit_code = released.org_unit_code
    )

select *
from final
