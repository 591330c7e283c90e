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
            position.as_at,
            position.status,
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
                            || ' data quality warnings'
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
    )

select *
from final
