with
    comparison as (select * from {{ ref("stg_audit__comparison") }}),

    step as (
        select
            step.*,
            lag(step.value) over figure as previous_value,
            lag(step.numerator) over figure as previous_numerator,
            lag(step.denominator) over figure as previous_denominator,
            row_number() over figure as position
        from {{ ref("restated__step") }} as step
        inner join comparison on comparison.is_rule_changed or step.cause <> 'RULE_CHANGE'
        window
            figure as (
                partition by
                    step.force_code, step.measure_code, step.period_start, step.org_unit_code
                order by step.place
            )
    ),

    step_change as (
        select
            *,
            case when position = 1 then value_before else previous_value end as value_from,
            numerator - case
                when position = 1 then numerator_before else previous_numerator
            end as numerator_change,
            denominator - case
                when position = 1 then denominator_before else previous_denominator
            end as denominator_change
        from step
    ),

    source_record_of_cause as (
        select member.*, cause.cause, cause.dataset || '|' || cause.source_ref as source_record
        from {{ ref("restated__changed_record") }} as member
        inner join
            {{ ref("restated__cause") }} as cause
            on member.force_code = cause.force_code
            and member.measure_code = cause.measure_code
            and member.period_start = cause.period_start
            and member.record_kind = cause.record_kind
            and member.record_ref = cause.record_ref
        where member.change = 'records' and member.is_changed
        union all
        select *, 'RULE_CHANGE', record_kind || '|' || record_ref
        from {{ ref("restated__changed_record") }}
        where change = 'rules' and is_changed
    ),

    records_of_cause as (
        select
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            cause,
            count(distinct source_record) as records
        from source_record_of_cause
        group by force_code, measure_code, period_start, org_unit_code, cause
    ),

    final as (
        select
            step_change.force_code,
            step_change.measure_code,
            step_change.period_start,
            step_change.org_unit_code,
            step_change.value_before,
            step_change.value_after,
            step_change.cause,
            -- Erased records cannot be counted. If they made the change, the count is the smallest
            -- number of records that can have made it.
            coalesce(
                records_of_cause.records,
                greatest(abs(step_change.numerator_change), abs(step_change.denominator_change), 1)
            ) as record_count,
            step_change.place as step,
            step_change.value_from,
            step_change.value as value_to,
            -- A fixed number of places, so that it is printed alike on each engine.
            cast(
                {{ exactly("step_change.value") }}
                - {{ exactly("step_change.value_from") }} as numeric(38, 15)
            ) as value_change,
            case
                when measure.unit_of_value <> 'hours' then step_change.numerator_change
            end as numerator_change,
            step_change.denominator_change
        from step_change
        inner join
            {{ ref("policy_measure") }} as measure
            on step_change.measure_code = measure.measure_code
        left join
            records_of_cause
            on step_change.force_code = records_of_cause.force_code
            and step_change.measure_code = records_of_cause.measure_code
            and step_change.period_start = records_of_cause.period_start
            and step_change.org_unit_code = records_of_cause.org_unit_code
            and step_change.cause = records_of_cause.cause
        where
            records_of_cause.records is not null
            or {{ differs("step_change.value", "step_change.value_from") }}
            or step_change.numerator_change <> 0
            or step_change.denominator_change <> 0
    )

select *
from final
