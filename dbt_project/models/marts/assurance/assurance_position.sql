{{ config(tags=["sealed"]) }}

with
    gate as (
        select count(*) as warnings
        from {{ ref("stg_audit__expectation_result") }}
        where not is_passed and severity = 'warning' and stage <> 'sealed'
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
            position.outstanding,
            position.required_per_week,
            position.recent_per_week,
            position.forecast_date,
            position.forecast_earliest,
            position.forecast_latest,
            position.places_scheduled,
            position.places_short,
            position.force_self_assessment,
            position.commissioner_judgement,
            position.disagrees,
            position.disagrees_since,
            position.source_status,
            {{ label("source_status", "position.source_status") }} as source_status_label,
            nullif(
                concat_ws(
                    '; ',
                    position.source_caveat,
                    case
                        when moved.is_moved_by_corrections
                        then 'changes of known records alone move the figure out of its interval'
                    end,
                    correction.correction_caveat,
                    sign_off.sign_off_caveat,
                    case
                        when gate.warnings > 0
                        then
                            cast(gate.warnings as {{ dbt.type_string() }})
                            || ' data quality warning'
                            || case when gate.warnings = 1 then '' else 's' end
                    end
                ),
                ''
            ) as caveat,
            build.publication_id
        from {{ ref("int_position") }} as position
        cross join gate
        left join
            {{ ref("int_point_correction") }} as correction
            on position.force_code = correction.force_code
            and position.point_code = correction.point_code
        left join
            {{ ref("int_sign_off_caveat") }} as sign_off
            on position.force_code = sign_off.force_code
            and position.point_code = sign_off.point_code
        left join
            {{ ref("restated__position") }} as moved
            on position.force_code = moved.force_code
            and position.point_code = moved.point_code
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
    )

select *
from final
