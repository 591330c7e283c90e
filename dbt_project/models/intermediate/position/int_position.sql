-- The position of every point as at the run's moment: status, figure, deadline, run-rate, forecast
-- and the three voices. What the gate adds to the caveat comes after this.
with
    build as (select * from {{ ref("stg_audit__build") }}),

    policy as (
        select target.value as training_target, recovery.value as recovery_weeks
        from build
        inner join
            {{ ref("policy_threshold") }} as target
            on target.name = 'training_target'
            and {{ in_force("target", "build.as_at_day") }}
        inner join
            {{ ref("policy_threshold") }} as recovery
            on recovery.name = 'recovery_weeks'
            and {{ in_force("recovery", "build.as_at_day") }}
    ),

    progress as (
        select
            deadline.*,
            case
                when deadline.is_met
                then 0
                else
                    ceil(
                        case
                            when deadline.point_code = 'INTEL_PLAN'
                            then 1
                            else policy.training_target
                        end
                        * deadline.denominator
                    )
                    - deadline.numerator
            end as outstanding,
            -- After the deadline what is outstanding is due within one cycle of the Accountability
            -- Board.
            case
                when deadline.is_deadline_reached
                then policy.recovery_weeks
                else
                    greatest({{ dbt.datediff("build.as_at_day", "deadline.deadline", "day") }}, 1)
                    / 7.0
            end as weeks_left
        from {{ ref("int_point_deadline") }} as deadline
        cross join build
        cross join policy
    ),

    voice as (
        select
            force_code,
            point_code,
            max(case when party = 'FORCE' then status end) as force_self_assessment,
            max(case when party = 'COMMISSIONER' then status end) as commissioner_judgement,
            min(case when is_assured then 1 else 0 end) as least_assured,
            max(case when is_assured then 1 else 0 end) as most_assured
        from {{ ref("int_voice") }}
        where party in ('FORCE', 'COMMISSIONER')
        group by force_code, point_code
    ),

    data_voice as (
        select
            force_code,
            point_code,
            case
                when status in ('met_on_time', 'met_late', 'sustained')
                then 1
                when status <> 'unknown'
                then 0
            end as is_assured
        from {{ ref("int_point_status") }}
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            build.as_at,
            status.status,
            status.numerator,
            status.denominator,
            {{ share("status.numerator", "status.denominator") }} as value,
            {{ wilson_low("status.numerator", "status.denominator") }} as ci_low,
            {{ wilson_high("status.numerator", "status.denominator") }} as ci_high,
            point.deadline,
            {{ dbt.datediff("build.as_at_day", "point.deadline", "day") }} as days_to_deadline,
            {{
                share(
                    "progress.numerator_at_deadline",
                    "progress.denominator_at_deadline",
                )
            }} as value_at_deadline,
            status.status_at_deadline,
            case
                when point.is_deadline_reached then then_known.value
            end as value_at_deadline_known_then,
            case
                when point.is_deadline_reached then then_known.status
            end as status_at_deadline_known_then,
            cast(
                progress.outstanding / progress.weeks_left as {{ dbt.type_float() }}
            ) as required_per_week,
            cast(progress.recent_per_week as {{ dbt.type_float() }}) as recent_per_week,
            case
                when
                    progress.outstanding > 0
                    and progress.recent_per_week > 0
                    and progress.outstanding / progress.recent_per_week < 520
                then
                    {{
                        add_days(
                            "build.as_at_day",
                            "cast(ceil(7 * progress.outstanding / progress.recent_per_week) as integer)",
                        )
                    }}
            end as forecast_date,
            voice.force_self_assessment,
            voice.commissioner_judgement,
            coalesce(
                least(voice.least_assured, data_voice.is_assured)
                <> greatest(voice.most_assured, data_voice.is_assured),
                false
            ) as disagrees,
            status.source_status,
            status.source_caveat
        from {{ ref("int_point") }} as point
        cross join build
        inner join
            {{ ref("int_point_status") }} as status
            on point.force_code = status.force_code
            and point.point_code = status.point_code
        left join
            progress
            on point.force_code = progress.force_code
            and point.point_code = progress.point_code
        left join
            {{ ref("stg_audit__deadline_position") }} as then_known
            on point.force_code = then_known.force_code
            and point.point_code = then_known.point_code
            and point.deadline = then_known.deadline
        left join
            voice on point.force_code = voice.force_code and point.point_code = voice.point_code
        left join
            data_voice
            on point.force_code = data_voice.force_code
            and point.point_code = data_voice.point_code
    )

select *
from final
