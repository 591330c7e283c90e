with
    judged as (
        select
            month.*,
            -- The first three rules give the side of the centre as direction, so they agree. A
            -- trend can cross the centre, so its direction counts only if no other rule marks the
            -- month.
            case
                when signal.outside_limits <> 0
                then 'OUTSIDE_LIMITS'
                when signal.two_of_three <> 0
                then 'TWO_OF_THREE'
                when signal.run_of_seven <> 0
                then 'RUN_OF_SEVEN'
                when signal.trend_of_seven <> 0
                then 'TREND_OF_SEVEN'
            end as special_cause,
            coalesce(
                nullif(signal.outside_limits, 0),
                nullif(signal.two_of_three, 0),
                nullif(signal.run_of_seven, 0),
                signal.trend_of_seven
            ) as direction
        from {{ ref("int_spc_limit") }} as month
        left join
            {{ ref("int_spc_signal") }} as signal
            on month.force_code = signal.force_code
            and month.measure_code = signal.measure_code
            and month.period_start = signal.period_start
    ),

    -- Limits that are learned from a process that was still changing say nothing about the months
    -- to come. A process counts as stable when none of the last seven months has a mark: seven
    -- is the length of the longest rule.
    settled as (
        select
            *,
            max(case when direction <> 0 then period_start end) over (
                partition by force_code, measure_code, baseline_from, is_point
                order by period_start
                rows between 6 preceding and current row
            ) as marked_month
        from judged
    ),

    final as (
        select
            force_code,
            measure_code,
            point_code,
            is_snapshot,
            period_start,
            is_complete,
            numerator,
            denominator,
            value,
            target,
            kind,
            centre,
            lower,
            upper,
            case
                when direction = 0
                then 'COMMON'
                when (direction = 1) = more_is_better
                then 'IMPROVING'
                when direction is not null
                then 'CONCERNING'
            end as variation,
            special_cause,
            case
                when not is_point or target is null or lower is null or marked_month is not null
                then null
                when more_is_better
                then
                    case
                        when lower >= target
                        then 'MEETS'
                        when upper < target
                        then 'WILL_NOT_MEET'
                        else 'HIT_OR_MISS'
                    end
                when upper <= target
                then 'MEETS'
                when lower > target
                then 'WILL_NOT_MEET'
                else 'HIT_OR_MISS'
            end as assurance,
            case
                when not is_complete
                then 'The month is not over.'
                when value is null
                then 'The month has no figure.'
                when target is null
                then 'The measure has no target.'
                when lower is null
                then why_none
                when marked_month is not null
                then
                    'The process is not stable: '
                    || {{ month_in_words("marked_month") }}
                    || ' is marked.'
            end as why_no_assurance,
            baseline_from,
            baseline_to,
            baseline_months,
            baseline_reason,
            baseline_decided_by,
            baseline_decided_on,
            why_none
        from settled
    )

select *
from final
