{#- Every record that enters a measure: force_code, measure_code, record_ref, period_start, org_unit_code,
    rolled_up_on, numerator. In a macro because a published figure is explained by the same rule.

    referral, custody: as of int_nccu_referral_class and int_immigration_custody. -#}
{% macro measure_record(referral, custody) -%}
    with
        referral as (
            select *, {{ month_of("contacted_on") }} as period_start
            from {{ referral }}
            where is_due
        ),

        custody as (select *, {{ month_of("detained_on") }} as period_start from {{ custody }}),

        final as (
            select
                force_code,
                'nccu_intel_compliance' as measure_code,
                referral_ref as record_ref,
                period_start,
                org_unit_code,
                contacted_on as rolled_up_on,
                case when is_compliant then 1 else 0 end as numerator
            from referral
            where is_counted
            union all
            select
                force_code,
                'nccu_intel_compliance_all_types',
                referral_ref,
                period_start,
                org_unit_code,
                contacted_on,
                case when is_compliant then 1 else 0 end
            from referral
            where is_counted or referral_type = 'STATUS_CHECK'
            union all
            select
                force_code,
                'nccu_intel_in_time',
                referral_ref,
                period_start,
                org_unit_code,
                contacted_on,
                case when intelligence_class = 'submitted_in_time' then 1 else 0 end
            from referral
            where is_counted
            union all
            select
                force_code,
                'nccu_capture_completeness',
                cast(custody_id as {{ dbt.type_string() }}),
                period_start,
                org_unit_code,
                detained_on,
                case when has_referral then 1 else 0 end
            from custody
        )

    select *
    from final
{%- endmacro %}
