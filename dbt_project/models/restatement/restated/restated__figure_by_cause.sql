-- Every restated figure by cause: how many records, and what the cause alone adds to the change.
-- Where no rule has changed, what the records cannot explain (they were erased since) was deleted.
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

    chained as (
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

    behind as (
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

    counted as (
        select
            force_code,
            measure_code,
            period_start,
            org_unit_code,
            cause,
            count(distinct source_record) as records
        from behind
        group by force_code, measure_code, period_start, org_unit_code, cause
    ),

    final as (
        select
            chained.force_code,
            chained.measure_code,
            chained.period_start,
            chained.org_unit_code,
            chained.value_before,
            chained.value_after,
            chained.cause,
            -- Where the records are no longer there to be counted, as few as it takes.
            coalesce(
                counted.records,
                greatest(abs(chained.numerator_change), abs(chained.denominator_change), 1)
            ) as record_count,
            chained.place as step,
            chained.value_from,
            chained.value as value_to,
            {{ exactly("chained.value") }} - {{ exactly("chained.value_from") }} as value_change,
            case
                when measure.unit_of_value = 'share' then chained.numerator_change
            end as numerator_change,
            chained.denominator_change
        from chained
        inner join
            {{ ref("policy_measure") }} as measure on chained.measure_code = measure.measure_code
        left join
            counted
            on chained.force_code = counted.force_code
            and chained.measure_code = counted.measure_code
            and chained.period_start = counted.period_start
            and chained.org_unit_code = counted.org_unit_code
            and chained.cause = counted.cause
        where
            counted.records is not null
            or chained.value is distinct from chained.value_from
            or chained.numerator_change <> 0
            or chained.denominator_change <> 0
    )

select *
from final
