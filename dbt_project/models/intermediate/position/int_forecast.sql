with
    build as (select * from {{ ref("stg_audit__build") }}),

    -- From the deadline day on, the force has one cycle of the Accountability Board to catch up.
    -- The
    -- policy `recovery_weeks` gives the length of the cycle.
    progress as (
        select
            point.*,
            case
                when point.is_deadline_reached
                then {{ add_days("build.as_at_day", "7 * " ~ as_whole("recovery.value")) }}
                else point.deadline
            end as required_by
        from {{ ref("int_point_deadline_progress") }} as point
        cross join build
        inner join
            {{ ref("policy_threshold") }} as recovery
            on recovery.name = 'recovery_weeks'
            and {{ in_force("recovery", "build.as_at_day") }}
    ),

    -- What must be reached is the target that is in force on the day by which it is required.
    with_target as (
        select
            *,
            announced_from is not null and announced_from <= required_by as is_announced,
            case
                when announced_from <= required_by then announced_target else target
            end as target_then
        from progress
    ),

    outstanding_now as (
        select
            progress.*,
            -- As a decimal, a target of 0.55 for 100 records is 55 records, and not one more.
            case
                when is_met and not is_announced
                then 0
                else
                    greatest(
                        cast(
                            ceil(
                                {{ as_decimal("target_then", 9) }} * denominator
                            ) as {{ dbt.type_float() }}
                        )
                        - numerator,
                        0
                    )
            end as outstanding,
            {{ in_weeks(dbt.datediff("build.as_at_day", "progress.required_by", "day")) }}
            as weeks_left
        from with_target as progress
        cross join build
    ),

    by_pace as (
        select
            outstanding_now.*,
            {{ day_at_pace("outstanding", "recent_per_week") }} as reached_on,
            {{ day_at_pace("outstanding", "fastest_per_week") }} as reached_at_earliest,
            {{ day_at_pace("outstanding", "slowest_per_week") }} as reached_at_latest
        from outstanding_now
        cross join build
    ),

    -- More can pass than there were places, if the capacity of a session is blank.
    place_count as (
        select
            force_code,
            sum(places) filter (where not is_held) as places_scheduled,
            sum(places) filter (where is_held) as places_held,
            least(
                sum(passes) filter (where is_held), sum(places) filter (where is_held)
            ) as places_used
        from {{ ref("int_hydra_session") }}
        group by force_code
    ),

    -- If no session has been held yet, each place counts as one completion.
    place_use as (
        select
            force_code,
            places_scheduled,
            coalesce({{ share("places_used", "places_held") }}, 1) as used,
            coalesce({{ wilson_low("places_used", "places_held") }}, 1) as used_at_least,
            coalesce({{ wilson_high("places_used", "places_held") }}, 1) as used_at_most
        from place_count
    ),

    by_places as (
        select
            outstanding_now.force_code,
            outstanding_now.point_code,
            place_use.places_scheduled,
            {%- for column, use in {
                "places_short": "used",
                "places_short_low": "used_at_most",
                "places_short_high": "used_at_least",
            }.items() %}
                case
                    when place_use.used > 0
                    then
                        greatest(
                            ceil(outstanding_now.outstanding / place_use.{{ use }})
                            - place_use.places_scheduled,
                            0
                        )
                end as {{ column }},
            {%- endfor %}
            min(session.session_date) filter (
                where session.places_by_then * place_use.used >= outstanding_now.outstanding
            ) as reached_on,
            min(session.session_date) filter (
                where session.places_by_then * place_use.used_at_most >= outstanding_now.outstanding
            ) as reached_at_earliest
        from outstanding_now
        inner join place_use on outstanding_now.force_code = place_use.force_code
        inner join
            {{ ref("int_hydra_session") }} as session
            on outstanding_now.force_code = session.force_code
            and not session.is_held
        where
            outstanding_now.outstanding > 0
            and outstanding_now.point_code in (
                select point_code from {{ ref("policy_training_item") }} where booked_by = 'session'
            )
        group by
            outstanding_now.force_code,
            outstanding_now.point_code,
            outstanding_now.outstanding,
            place_use.places_scheduled,
            place_use.used,
            place_use.used_at_least,
            place_use.used_at_most
    ),

    final as (
        select
            by_pace.force_code,
            by_pace.point_code,
            by_pace.outstanding,
            cast(by_pace.outstanding as {{ dbt.type_float() }})
            / by_pace.weeks_left as required_per_week,
            by_pace.required_by,
            case when by_pace.is_announced then by_pace.announced_target end as announced_target,
            case when by_pace.is_announced then by_pace.announced_from end as announced_from,
            by_pace.recent_per_week,
            by_pace.pace_weeks,
            by_pace.pace_since,
            case
                when by_places.force_code is null then by_pace.reached_on else by_places.reached_on
            end as forecast_date,
            case
                when by_places.force_code is null
                then by_pace.reached_at_earliest
                else by_places.reached_at_earliest
            end as forecast_earliest,
            -- Places give no latest day: they do not say how many who have passed will leave.
            case
                when by_places.force_code is null then by_pace.reached_at_latest
            end as forecast_latest,
            {%- for column in [
                "places_scheduled",
                "places_short",
                "places_short_low",
                "places_short_high",
            ] %}
                cast(by_places.{{ column }} as bigint) as {{ column }} {{- "," if not loop.last }}
            {%- endfor %}
        from by_pace
        left join
            by_places
            on by_pace.force_code = by_places.force_code
            and by_pace.point_code = by_places.point_code
    )

select *
from final
