with
    month as (select * from {{ ref("int_measure_month") }}),

    -- A count says how many records meet the measure's condition, of those that it looks at.
    share_or_count as (
        select
            counted.force_code,
            counted.measure_code,
            counted.period_start,
            counted.org_unit_code,
            counted.numerator,
            counted.denominator,
            counted.own_numerator,
            counted.own_denominator,
            case
                when policy.unit_of_value = 'count'
                then cast(counted.numerator as {{ dbt.type_float() }})
                else {{ share("counted.numerator", "counted.denominator") }}
            end as value,
            case
                when policy.unit_of_value = 'share'
                then {{ wilson_low("counted.numerator", "counted.denominator") }}
            end as ci_low,
            case
                when policy.unit_of_value = 'share'
                then {{ wilson_high("counted.numerator", "counted.denominator") }}
            end as ci_high
        from {{ ref("int_measure_share") }} as counted
        inner join
            {{ ref("policy_measure") }} as policy on counted.measure_code = policy.measure_code
    ),

    hours as (
        select
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            cast(null as bigint) as numerator,
            denominator,
            cast(null as bigint) as own_numerator,
            cast(null as bigint) as own_denominator,
            value,
            cast(null as {{ dbt.type_float() }}) as ci_low,
            cast(null as {{ dbt.type_float() }}) as ci_high
        from {{ ref("int_measure_hours") }}
    ),

    figure as (
        select *
        from share_or_count
        union all
        select *
        from hours
    ),

    unit as (
        select force_code, measure_code, period_start, org_unit_code
        from figure
        union
        select force_code, measure_code, period_start, 'ALL'
        from month
    ),

    final as (
        select
            unit.force_code,
            unit.measure_code,
            month.point_code,
            unit.period_start,
            unit.org_unit_code,
            month.as_on,
            month.is_complete,
            cast(
                coalesce(
                    figure.numerator, case when policy.unit_of_value <> 'hours' then 0 end
                ) as bigint
            ) as numerator,
            cast(coalesce(figure.denominator, 0) as bigint) as denominator,
            cast(figure.own_numerator as bigint) as own_numerator,
            cast(figure.own_denominator as bigint) as own_denominator,
            figure.value,
            figure.ci_low,
            figure.ci_high
        from unit
        inner join
            month
            on unit.force_code = month.force_code
            and unit.measure_code = month.measure_code
            and unit.period_start = month.period_start
        inner join {{ ref("policy_measure") }} as policy on unit.measure_code = policy.measure_code
        left join
            figure
            on unit.force_code = figure.force_code
            and unit.measure_code = figure.measure_code
            and unit.period_start = figure.period_start
            and unit.org_unit_code = figure.org_unit_code
    )

select *
from final
