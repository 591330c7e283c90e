with
    build as (select * from {{ ref("stg_audit__build") }}),

    deadline as (select * from {{ ref("int_point_deadline_progress") }}),

    forecast as (select * from {{ ref("int_forecast") }}),

    disagreement as (select * from {{ ref("int_disagreement") }} where disagreed_until is null),

    policy as (
        select
            force_code,
            point_code,
            min(case when is_confirmed then 1 else 0 end) = 1 as is_confirmed
        from {{ ref("int_point_policy") }}
        group by force_code, point_code
    ),

    final as (
        select
            point.force_code,
            point.point_code,
            build.as_at,
            status.status,
            status.status_since,
            status.unknown_because,
            status.is_unclear,
            status.figure_from,
            status.figure_to,
            status.numerator,
            status.denominator,
            {{ share("status.numerator", "status.denominator") }} as value,
            {{ wilson_low("status.numerator", "status.denominator") }} as ci_low,
            {{ wilson_high("status.numerator", "status.denominator") }} as ci_high,
            target.target,
            target.target_unit,
            coalesce(policy.is_confirmed, false) as policy_confirmed,
            second_reading.second_measure_code as second_reading,
            second_reading.numerator as second_numerator,
            second_reading.denominator as second_denominator,
            {{ share("second_reading.numerator", "second_reading.denominator") }} as second_value,
            point.deadline,
            {{ dbt.datediff("build.as_at_day", "point.deadline", "day") }} as days_to_deadline,
            {{
                share(
                    "deadline.numerator_at_deadline",
                    "deadline.denominator_at_deadline",
                )
            }} as value_at_deadline,
            status.status_at_deadline,
            -- The next two columns are blank until the deadline day is over, because more
            -- deliveries can still be landed during that day.
            case
                when build.as_at_day > point.deadline then then_known.value
            end as value_at_deadline_known_then,
            case
                when build.as_at_day > point.deadline then then_known.status
            end as status_at_deadline_known_then,
            trend.recent_numerator,
            trend.recent_denominator,
            trend.earlier_numerator,
            trend.earlier_denominator,
            trend.change_low,
            trend.change_high,
            cast(forecast.outstanding as bigint) as outstanding,
            cast(forecast.required_per_week as {{ dbt.type_float() }}) as required_per_week,
            forecast.required_by,
            cast(forecast.recent_per_week as {{ dbt.type_float() }}) as recent_per_week,
            cast(forecast.pace_weeks as integer) as pace_weeks,
            forecast.pace_since,
            forecast.places_scheduled,
            -- While a source is not up to date, nobody knows how far the force is today.
            {%- for column in [
                "forecast_date",
                "forecast_earliest",
                "forecast_latest",
                "places_short",
                "places_short_low",
                "places_short_high",
            ] %}
                case when status.status <> 'unknown' then forecast.{{ column }} end as {{ column }},
            {%- endfor %}
            voice.force_self_assessment,
            voice.commissioner_judgement,
            voice.disagrees,
            disagreement.disagreed_from as disagrees_since,
            status.source_status,
            status.source_caveat
        from {{ ref("int_point") }} as point
        cross join build
        inner join
            {{ ref("int_point_status_today") }} as status
            on point.force_code = status.force_code
            and point.point_code = status.point_code
        left join
            {{ ref("int_point_target") }} as target
            on point.force_code = target.force_code
            and point.point_code = target.point_code
        left join
            policy on point.force_code = policy.force_code and point.point_code = policy.point_code
        left join
            {{ ref("int_point_second_reading") }} as second_reading
            on point.force_code = second_reading.force_code
            and point.point_code = second_reading.point_code
        left join
            deadline
            on point.force_code = deadline.force_code
            and point.point_code = deadline.point_code
        left join
            forecast
            on point.force_code = forecast.force_code
            and point.point_code = forecast.point_code
        left join
            {{ ref("int_point_trend") }} as trend
            on point.force_code = trend.force_code
            and point.point_code = trend.point_code
            and build.as_at_day = trend.day
        left join
            {{ ref("stg_audit__deadline_position") }} as then_known
            on point.force_code = then_known.force_code
            and point.point_code = then_known.point_code
            and point.deadline = then_known.deadline
        inner join
            {{ ref("int_voice_day") }} as voice
            on point.force_code = voice.force_code
            and point.point_code = voice.point_code
            and build.as_at_day = voice.day
        left join
            disagreement
            on point.force_code = disagreement.force_code
            and point.point_code = disagreement.point_code
    )

select *
from final
