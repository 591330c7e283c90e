{{ config(tags=["sealed"]) }}

with
    caveat as (
        select force_code, point_code, {{ dbt.listagg("words", "'; '", "order by place") }} as words
        from {{ ref("assurance_caveat") }}
        group by force_code, point_code
    ),

    final as (
        select
            position.force_code,
            position.point_code,
            words.title as point_label,
            point.measure_code,
            measure.title as measure_label,
            'ALL' as org_unit_code,
            position.as_at,
            build.as_at_day as date_day,
            position.status,
            {{ label("status", "position.status") }} as status_label,
            {{ status_word("position.is_unclear", label("status", "position.status")) }}
            as status_word,
            position.status_since,
            position.unknown_because,
            {{ label("unknown_because", "position.unknown_because") }} as unknown_because_label,
            position.figure_from,
            position.figure_to,
            {{ days_in_words("position.figure_from", "position.figure_to") }} as figure_period,
            position.numerator,
            position.denominator,
            position.value,
            position.ci_low,
            position.ci_high,
            position.target,
            position.target_unit,
            position.policy_confirmed,
            position.second_reading,
            position.second_numerator,
            position.second_denominator,
            position.second_value,
            position.deadline,
            cast(position.days_to_deadline as integer) as days_to_deadline,
            position.value_at_deadline,
            position.status_at_deadline,
            position.value_at_deadline_known_then,
            position.status_at_deadline_known_then,
            position.recent_numerator,
            position.recent_denominator,
            position.earlier_numerator,
            position.earlier_denominator,
            position.change_low,
            position.change_high,
            position.change_low > 0 or position.change_high < 0 as is_change_clear,
            position.outstanding,
            position.required_per_week,
            position.required_by,
            position.recent_per_week,
            position.pace_weeks,
            position.pace_since,
            position.forecast_date,
            position.forecast_earliest,
            position.forecast_latest,
            position.places_scheduled,
            position.places_short,
            position.places_short_low,
            position.places_short_high,
            position.force_self_assessment,
            position.commissioner_judgement,
            position.disagrees,
            position.disagrees_since,
            position.source_status,
            {{ label("source_status", "position.source_status") }} as source_status_label,
            caveat.words as caveat,
            change.cause as verdict_cause,
            change.words as verdict_words,
            build.publication_id
        from {{ ref("int_position") }} as position
        left join
            caveat
            on position.force_code = caveat.force_code
            and position.point_code = caveat.point_code
        left join
            {{ ref("restated__verdict_change") }} as change
            on position.force_code = change.force_code
            and position.point_code = change.point_code
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("int_point") }} as point
            on position.force_code = point.force_code
            and position.point_code = point.point_code
        left join
            {{ ref("policy_measure") }} as measure on point.measure_code = measure.measure_code
        left join
            {{ ref("point_words") }} as words on position.point_code = words.point_code
            {{ label_join("status", "position.status") }}
            {{ label_join("source_status", "position.source_status") }}
            {{ label_join("unknown_because", "position.unknown_because") }}
    )

select *
from final
