with
    build as (select * from {{ ref("stg_audit__build") }}),

    figure as (
        select
            measure.force_code,
            measure.measure_code,
            measure.point_code,
            policy.unit_of_value,
            policy.more_is_better,
            policy.is_snapshot,
            measure.period_start,
            measure.is_complete,
            measure.numerator,
            measure.denominator,
            measure.value
        from {{ ref("int_measure") }} as measure
        inner join
            {{ ref("policy_measure") }} as policy on measure.measure_code = policy.measure_code
        where measure.org_unit_code = 'ALL'
    ),

    -- Only the measure that decides the status of a point has a target.
    target as (
        select point.force_code, point.measure_code, target.target_share
        from {{ ref("int_point") }} as point
        inner join
            {{ ref("int_point_target") }} as target
            on point.force_code = target.force_code
            and point.point_code = target.point_code
    ),

    decision as (
        select policy.*
        from {{ ref("policy_spc_baseline") }} as policy
        cross join build
        where {{ in_force("policy", "build.as_at_day") }}
    ),

    first_month as (
        select force_code, measure_code, min(period_start) as period_start
        from figure
        group by force_code, measure_code
    ),

    latest_decision as (
        select
            figure.force_code,
            figure.measure_code,
            figure.period_start,
            max(decision.baseline_from) as baseline_from
        from figure
        inner join
            decision
            on figure.measure_code = decision.measure_code
            and figure.period_start >= decision.baseline_from
        group by figure.force_code, figure.measure_code, figure.period_start
    ),

    final as (
        select
            figure.force_code,
            figure.measure_code,
            figure.point_code,
            figure.unit_of_value,
            figure.more_is_better,
            figure.is_snapshot,
            figure.period_start,
            figure.is_complete,
            figure.numerator,
            figure.denominator,
            figure.value,
            -- Waiting times are skewed. On this scale, which is logarithmic for long times and also
            -- holds for 0 and less, they are as even as limits need.
            case
                when figure.unit_of_value = 'hours' then asinh(figure.value) else figure.value
            end as scaled,
            cast(target.target_share as {{ dbt.type_float() }}) as target,
            greatest(
                first_month.period_start, coalesce(decision.baseline_from, first_month.period_start)
            ) as baseline_from,
            decision.baseline_to,
            decision.reason as baseline_reason,
            decision.decided_by as baseline_decided_by,
            decision.decided_on as baseline_decided_on,
            figure.is_complete and figure.value is not null as is_point,
            figure.is_complete
            and figure.value is not null
            and figure.period_start
            <= coalesce(decision.baseline_to, {{ end_of_time() }}) as is_in_baseline
        from figure
        inner join
            first_month
            on figure.force_code = first_month.force_code
            and figure.measure_code = first_month.measure_code
        left join
            target
            on figure.force_code = target.force_code
            and figure.measure_code = target.measure_code
        left join
            latest_decision
            on figure.force_code = latest_decision.force_code
            and figure.measure_code = latest_decision.measure_code
            and figure.period_start = latest_decision.period_start
        left join
            decision
            on latest_decision.measure_code = decision.measure_code
            and latest_decision.baseline_from = decision.baseline_from
    )

select *
from final
