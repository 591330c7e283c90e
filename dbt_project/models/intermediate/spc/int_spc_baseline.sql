with
    point as (select * from {{ ref("int_spc_point") }}),

    baseline as (
        select distinct force_code, measure_code, baseline_from, unit_of_value, is_snapshot
        from point
    ),

    pooled as (
        select
            force_code,
            measure_code,
            baseline_from,
            {{ share("sum(numerator)", "sum(denominator)") }} as share
        from point
        where is_in_baseline
        group by force_code, measure_code, baseline_from
    ),

    -- `z` is the difference between the share of a month and the share of the whole baseline, in
    -- standard deviations of that month. So months with different denominators can be compared.
    standardised as (
        select
            point.*,
            pooled.share,
            (point.scaled - pooled.share)
            / nullif({{ binomial_deviation("pooled.share", "point.denominator") }}, 0) as z
        from point
        inner join
            pooled
            on point.force_code = pooled.force_code
            and point.measure_code = pooled.measure_code
            and point.baseline_from = pooled.baseline_from
        where point.is_in_baseline
    ),

    ranged as (
        select
            standardised.*,
            abs(
                scaled - lag(scaled) over (
                    partition by force_code, measure_code, baseline_from order by period_start
                )
            ) as moving_range,
            abs(
                z - lag(z) over (
                    partition by force_code, measure_code, baseline_from order by period_start
                )
            ) as moving_range_of_z
        from standardised
    ),

    summary as (
        select
            force_code,
            measure_code,
            baseline_from,
            share,
            count(*) as months,
            {{ average("scaled", "period_start") }} as mean,
            {{ average("moving_range", "period_start") }} as mean_moving_range,
            min(denominator) as smallest,
            max(denominator) as largest,
            {{ average_of_counts("denominator") }} as average,
            {{ average("moving_range_of_z", "period_start") }} / 1.128 as sigma_z,
            {{ average("z * z", "period_start") }} as dispersion
        from ranged
        group by force_code, measure_code, baseline_from, share
    ),

    judged as (
        select
            baseline.*,
            coalesce(summary.months, 0) as months,
            summary.mean,
            summary.mean_moving_range,
            summary.share,
            summary.sigma_z,
            summary.largest,
            -- The usual conditions for the same limits in all months: no denominator differs from
            -- the average by more than a quarter, and even the smallest is expected to have at
            -- least five cases that meet the measure and five that do not.
            summary.smallest >= 0.75 * summary.average
            and summary.largest <= 1.25 * summary.average
            and summary.smallest * least(summary.share, 1 - summary.share)
            >= 5 as has_many_cases_alike,
            -- Spiegelhalter's test: the dispersion is more than two standard deviations above its
            -- mean. By chance alone, it has the mean 1 and the variance 2 / months.
            summary.dispersion > 1 + 2 * sqrt(2.0 / summary.months)
            and summary.sigma_z > 1 as is_overdispersed
        from baseline
        left join
            summary
            on baseline.force_code = summary.force_code
            and baseline.measure_code = summary.measure_code
            and baseline.baseline_from = summary.baseline_from
    ),

    explained as (
        select
            judged.*,
            case
                when is_snapshot and largest < 10
                then
                    'Counted at the end of a month: '
                    || largest
                    || ' or fewer. One more moves the share too far for limits.'
                when months < {{ months_for_limits() }}
                then
                    'Complete months with a value in the baseline: '
                    || months
                    || '. Limits need at least '
                    || {{ months_for_limits() }}
                    || '.'
            end as why_none
        from judged
    ),

    final as (
        select
            force_code,
            measure_code,
            baseline_from,
            months,
            mean,
            mean_moving_range,
            share,
            sigma_z,
            case
                when why_none is not null
                then null
                when unit_of_value <> 'share' or is_snapshot or has_many_cases_alike
                then 'XMR'
                when is_overdispersed
                then 'LANEY_P'
                else 'P'
            end as kind,
            why_none
        from explained
    )

select *
from final
