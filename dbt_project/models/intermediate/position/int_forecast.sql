with
    build as (select * from {{ ref("stg_audit__build") }}),

    policy as (
        select recovery.value as recovery_weeks, run_rate.value as run_rate_weeks
        from build
        inner join
            {{ ref("policy_threshold") }} as recovery
            on recovery.name = 'recovery_weeks'
            and {{ in_force("recovery", "build.as_at_day") }}
        inner join
            {{ ref("policy_threshold") }} as run_rate
            on run_rate.name = 'run_rate_weeks'
            and {{ in_force("run_rate", "build.as_at_day") }}
    ),

    progress as (
        select
            point.*,
            greatest({{ dbt.datediff("build.as_at_day", "point.deadline", "day") }}, 1) as days_left
        from {{ ref("int_point_deadline_progress") }} as point
        cross join build
    ),

    outstanding_now as (
        select
            progress.force_code,
            progress.point_code,
            case
                when progress.is_met
                then 0
                else ceil(progress.target * progress.denominator) - progress.numerator
            end as outstanding,
            -- From the deadline day on, the force has one cycle of the Accountability Board to
            -- catch up. The policy `recovery_weeks` gives the length of the cycle.
            case
                when progress.is_deadline_reached
                then policy.recovery_weeks
                else {{ in_weeks("progress.days_left") }}
            end as weeks_left,
            progress.recent_per_week,
            greatest(progress.recent_per_week * policy.run_rate_weeks, 0) as recent_count,
            policy.run_rate_weeks
        from progress
        cross join policy
    ),

    by_pace as (
        select
            outstanding_now.*,
            {{ day_at_pace("outstanding", "recent_per_week") }} as reached_on,
            {{
                day_at_pace(
                    "outstanding",
                    poisson_high("recent_count") ~ " / run_rate_weeks",
                )
            }} as reached_at_earliest,
            {{
                day_at_pace(
                    "outstanding",
                    poisson_low("recent_count") ~ " / run_rate_weeks",
                )
            }} as reached_at_latest
        from outstanding_now
        cross join build
    ),

    place_use as (
        select
            force_code,
            sum(places) filter (where not is_held) as places_scheduled,
            -- If no session has been held yet, each place counts as one completion.
            coalesce(
                {{
                    share(
                        "sum(passes) filter (where is_held)",
                        "sum(places) filter (where is_held)",
                    )
                }},
                1
            ) as used,
            coalesce(
                {{
                    wilson_low(
                        "sum(passes) filter (where is_held)",
                        "sum(places) filter (where is_held)",
                    )
                }},
                1
            ) as used_at_least,
            coalesce(
                {{
                    wilson_high(
                        "sum(passes) filter (where is_held)",
                        "sum(places) filter (where is_held)",
                    )
                }},
                1
            ) as used_at_most
        from {{ ref("int_hydra_session") }}
        group by force_code
    ),

    by_places as (
        select
            outstanding_now.force_code,
            outstanding_now.point_code,
            place_use.places_scheduled,
            case
                when place_use.used > 0
                then
                    greatest(
                        ceil(outstanding_now.outstanding / place_use.used)
                        - place_use.places_scheduled,
                        0
                    )
            end as places_short,
            min(session.session_date) filter (
                where session.places_by_then * place_use.used >= outstanding_now.outstanding
            ) as reached_on,
            min(session.session_date) filter (
                where session.places_by_then * place_use.used_at_most >= outstanding_now.outstanding
            ) as reached_at_earliest,
            min(session.session_date) filter (
                where
                    session.places_by_then * place_use.used_at_least >= outstanding_now.outstanding
            ) as reached_at_latest
        from outstanding_now
        inner join place_use on outstanding_now.force_code = place_use.force_code
        inner join
            {{ ref("int_hydra_session") }} as session
            on outstanding_now.force_code = session.force_code
            and not session.is_held
        where outstanding_now.point_code = 'HYDRA' and outstanding_now.outstanding > 0
        group by
            outstanding_now.force_code,
            outstanding_now.point_code,
            outstanding_now.outstanding,
            place_use.places_scheduled,
            place_use.used
    ),

    final as (
        select
            by_pace.force_code,
            by_pace.point_code,
            by_pace.outstanding,
            by_pace.outstanding / by_pace.weeks_left as required_per_week,
            by_pace.recent_per_week,
            case
                when by_places.force_code is null then by_pace.reached_on else by_places.reached_on
            end as forecast_date,
            case
                when by_places.force_code is null
                then by_pace.reached_at_earliest
                else by_places.reached_at_earliest
            end as forecast_earliest,
            case
                when by_places.force_code is null
                then by_pace.reached_at_latest
                else by_places.reached_at_latest
            end as forecast_latest,
            cast(by_places.places_scheduled as bigint) as places_scheduled,
            cast(by_places.places_short as bigint) as places_short
        from by_pace
        left join
            by_places
            on by_pace.force_code = by_places.force_code
            and by_pace.point_code = by_places.point_code
    )

select *
from final
