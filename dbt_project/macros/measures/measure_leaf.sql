{#- What each record adds to each figure of its own team, before anything is added up: force_code,
    measure_code, period_start, org_unit_code, rolled_up_on, record_kind, record_ref, numerator,
    denominator, hours (only of the measures over hours, which have no numerator).

    month, referral, custody, person, requirement, plan_day: as of the intermediate models; only the
    months in `month` are looked at. -#}
{% macro measure_leaf(month, referral, custody, person, requirement, plan_day) -%}
    with
        record as ({{ measure_record(referral, custody) }}),

        staff as ({{ measure_person(month, person, requirement) }})

    select
        month.force_code,
        month.measure_code,
        month.period_start,
        record.org_unit_code,
        record.rolled_up_on,
        case
            when month.measure_code = 'nccu_capture_completeness' then 'custody' else 'referral'
        end as record_kind,
        record.record_ref,
        record.numerator,
        1 as denominator,
        cast(null as {{ dbt.type_float() }}) as hours
    from {{ month }} as month
    inner join
        record
        on month.force_code = record.force_code
        and month.measure_code = record.measure_code
        and month.period_start = record.period_start
    union all
    -- Hours are measured over the numerator of the first measure.
    select
        month.force_code,
        month.measure_code,
        month.period_start,
        record.org_unit_code,
        record.rolled_up_on,
        'referral',
        record.record_ref,
        0,
        1,
        referral.hours_to_submission
    from {{ month }} as month
    inner join
        {{ ref("policy_measure") }} as measure
        on month.measure_code = measure.measure_code
        and measure.unit_of_value = 'hours'
    inner join
        record
        on month.force_code = record.force_code
        and month.period_start = record.period_start
        and record.measure_code = 'nccu_intel_compliance'
        and record.numerator = 1
    inner join
        {{ referral }} as referral
        on record.force_code = referral.force_code
        and record.record_ref = referral.referral_ref
    union all
    select
        force_code,
        measure_code,
        period_start,
        org_unit_code,
        as_on,
        'person',
        employee_no,
        case when is_complete then 1 else 0 end,
        1,
        cast(null as {{ dbt.type_float() }})
    from staff
    where is_counted
    union all
    select
        month.force_code,
        month.measure_code,
        month.period_start,
        'ALL',
        month.as_on,
        'strand',
        plan_day.strand,
        case when plan_day.is_met then 1 else 0 end,
        1,
        cast(null as {{ dbt.type_float() }})
    from {{ month }} as month
    inner join
        {{ plan_day }} as plan_day
        on month.force_code = plan_day.force_code
        and month.as_on = plan_day.day
    where month.measure_code = 'intel_plan_strands_met'
{%- endmacro %}
