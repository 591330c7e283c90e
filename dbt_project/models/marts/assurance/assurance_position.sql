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
            case
                when position.source_caveat is not null and gate.warnings > 0
                then
                    position.source_caveat
                    || '; '
                    || cast(gate.warnings as {{ dbt.type_string() }})
                    || ' data quality warnings'
                when gate.warnings > 0
                then cast(gate.warnings as {{ dbt.type_string() }}) || ' data quality warnings'
                else position.source_caveat
            end as caveat,
            build.publication_id
        from {{ ref("int_position") }} as position
        cross join gate
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
