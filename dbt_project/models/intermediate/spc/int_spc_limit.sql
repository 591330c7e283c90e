with
    month as (
        select
            point.*,
            baseline.months as baseline_months,
            baseline.kind,
            baseline.why_none,
            case
                when baseline.kind = 'XMR'
                then baseline.mean
                when baseline.kind in ('P', 'LANEY_P')
                then baseline.share
            end as scaled_centre,
            case
                when baseline.kind = 'XMR'
                then 2.66 * baseline.mean_moving_range
                when baseline.kind = 'P'
                then 3 * {{ binomial_deviation("baseline.share", "point.denominator") }}
                when baseline.kind = 'LANEY_P'
                then
                    3
                    * baseline.sigma_z
                    * {{ binomial_deviation("baseline.share", "point.denominator") }}
            end as reach
        from {{ ref("int_spc_point") }} as point
        inner join
            {{ ref("int_spc_baseline") }} as baseline
            on point.force_code = baseline.force_code
            and point.measure_code = baseline.measure_code
            and point.baseline_from = baseline.baseline_from
    ),

    final as (
        select
            month.*,
            case
                when unit_of_value = 'hours' then sinh(scaled_centre) else scaled_centre
            end as centre,
            case
                when unit_of_value = 'hours'
                then sinh(scaled_centre - reach)
                when reach is not null
                then greatest(scaled_centre - reach, 0)
            end as lower,
            case
                when unit_of_value = 'hours'
                then sinh(scaled_centre + reach)
                when unit_of_value = 'share' and reach is not null
                then least(scaled_centre + reach, 1)
                else scaled_centre + reach
            end as upper
        from month
    )

select *
from final
