-- What lacks to the target of each point with a deadline, what that asks for each week, and when it
-- would be reached. At the recent pace, with the interval that its count leaves; for Hydra, where
-- sessions are scheduled, by their places, since no will shortens the wait for one.
with
    build as (select * from {{ ref("stg_audit__build") }}),

    policy as (
        select
            target.value as training_target,
            recovery.value as recovery_weeks,
            run_rate.value as run_rate_weeks
        from build
        inner join
            {{ ref("policy_threshold") }} as target
            on target.name = 'training_target'
            and {{ in_force("target", "build.as_at_day") }}
        inner join
            {{ ref("policy_threshold") }} as recovery
            on recovery.name = 'recovery_weeks'
            and {{ in_force("recovery", "build.as_at_day") }}
        inner join
            {{ ref("policy_threshold") }} as run_rate
            on run_rate.name = 'run_rate_weeks'
            and {{ in_force("run_rate", "build.as_at_day") }}
    ),

    lacking as (
        select
            deadline.force_code,
            deadline.point_code,
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
            end as weeks_left,
            deadline.recent_per_week,
            greatest(deadline.recent_per_week * policy.run_rate_weeks, 0) as recent_count,
            policy.run_rate_weeks
        from {{ ref("int_point_deadline") }} as deadline
        cross join build
        cross join policy
    ),

    paced as (
        select
            lacking.*,
            {{ day_at_pace("outstanding", "recent_per_week") }} as reached_on,
            {{
                day_at_pace(
                    "outstanding",
                    poisson_high("recent_count") ~ " / run_rate_weeks",
                )
            }} as reached_at_best,
            {{
                day_at_pace(
                    "outstanding",
                    poisson_low("recent_count") ~ " / run_rate_weeks",
                )
            }} as reached_at_worst
        from lacking
        cross join build
    ),

    place_use as (
        select
            force_code,
            sum(places) filter (where not is_held) as places_scheduled,
            -- Before a session was held, each place is taken to bring one completion.
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
            ) as used_at_worst,
            coalesce(
                {{
                    wilson_high(
                        "sum(passes) filter (where is_held)",
                        "sum(places) filter (where is_held)",
                    )
                }},
                1
            ) as used_at_best
        from {{ ref("int_hydra_session") }}
        group by force_code
    ),

    seated as (
        select
            lacking.force_code,
            lacking.point_code,
            place_use.places_scheduled,
            case
                when place_use.used > 0
                then
                    greatest(
                        ceil(lacking.outstanding / place_use.used) - place_use.places_scheduled, 0
                    )
            end as places_short,
            min(session.session_date) filter (
                where session.places_by_then * place_use.used >= lacking.outstanding
            ) as reached_on,
            min(session.session_date) filter (
                where session.places_by_then * place_use.used_at_best >= lacking.outstanding
            ) as reached_at_best,
            min(session.session_date) filter (
                where session.places_by_then * place_use.used_at_worst >= lacking.outstanding
            ) as reached_at_worst
        from lacking
        inner join place_use on lacking.force_code = place_use.force_code
        inner join
            {{ ref("int_hydra_session") }} as session
            on lacking.force_code = session.force_code
            and not session.is_held
        where lacking.point_code = 'HYDRA' and lacking.outstanding > 0
        group by
            lacking.force_code,
            lacking.point_code,
            lacking.outstanding,
            place_use.places_scheduled,
            place_use.used
    ),

    final as (
        select
            paced.force_code,
            paced.point_code,
            paced.outstanding,
            paced.outstanding / paced.weeks_left as required_per_week,
            paced.recent_per_week,
            case
                when seated.force_code is null then paced.reached_on else seated.reached_on
            end as forecast_date,
            case
                when seated.force_code is null
                then paced.reached_at_best
                else seated.reached_at_best
            end as forecast_earliest,
            case
                when seated.force_code is null
                then paced.reached_at_worst
                else seated.reached_at_worst
            end as forecast_latest,
            cast(seated.places_scheduled as bigint) as places_scheduled,
            cast(seated.places_short as bigint) as places_short
        from paced
        left join
            seated on paced.force_code = seated.force_code and paced.point_code = seated.point_code
    )

select *
from final
