{#- What each record adds to each measure. Only this macro decides which records count in a measure
    and which of them meet the measure's condition. It is a macro, not a model, because restatements
    apply the same rule to the records of the compared publication.

    One row per measure, month and record that the measure considers, with the columns force_code,
    measure_code, period_start, org_unit_code (the record's own team), rolled_up_on (the day whose
    hierarchy of units applies), record_kind, record_ref, class, happened_on, numerator (blank for a
    measure in hours), denominator and hours_to_submission. A record that is considered but left out
    has denominator 0, and its class says why.

    month: int_measure_month, or some of its rows. Other months get no rows.
    referral, custody, person, requirement, plan_day: int_nccu_referral_class,
    int_immigration_custody, int_training_person, int_training_requirement and int_plan_day, or
    relations with the same columns. -#}
{% macro measure_record(month, referral, custody, person, requirement, plan_day) -%}
    with
        referral_by_measure as (
            {{
                _referral_in_measure(
                    referral,
                    "nccu_intel_compliance",
                    "is_counted",
                    "is_compliant",
                )
            }}
            union all
            {{
                _referral_in_measure(
                    referral,
                    "nccu_intel_compliance_all_types",
                    is_counted_with_status_checks(),
                    "is_compliant",
                )
            }}
            union all
            {{
                _referral_in_measure(
                    referral,
                    "nccu_intel_in_time",
                    "is_counted",
                    "intelligence_class in ('submitted_in_time')",
                )
            }}
            union all
            {{
                _referral_in_measure(
                    referral,
                    "nccu_hours_to_submission_p50",
                    "is_counted",
                    "is_compliant",
                    in_hours=true,
                )
            }}
            union all
            {{
                _referral_in_measure(
                    referral,
                    "nccu_hours_to_submission_p90",
                    "is_counted",
                    "is_compliant",
                    in_hours=true,
                )
            }}
        ),

        referral_record as (
            select
                month.force_code,
                month.measure_code,
                month.period_start,
                referral.org_unit_code,
                referral.contacted_on as rolled_up_on,
                'referral' as record_kind,
                referral.referral_ref as record_ref,
                case
                    when referral.is_in_population or not referral.is_due
                    then referral.intelligence_class
                    else lower(referral.referral_type)
                end as class,
                referral.contacted_on as happened_on,
                referral.numerator,
                referral.denominator,
                referral.hours_to_submission
            from {{ month }} as month
            inner join
                referral_by_measure as referral
                on month.force_code = referral.force_code
                and month.measure_code = referral.measure_code
                and month.period_start = {{ month_of("referral.contacted_on") }}
        ),

        custody_record as (
            select
                month.force_code,
                month.measure_code,
                month.period_start,
                custody.org_unit_code,
                custody.detained_on as rolled_up_on,
                'custody' as record_kind,
                cast(custody.custody_id as {{ dbt.type_string() }}) as record_ref,
                case when custody.has_referral then 'referred' else 'not_referred' end as class,
                custody.detained_on as happened_on,
                case when custody.has_referral then 1 else 0 end as numerator,
                1 as denominator,
                cast(null as {{ dbt.type_float() }}) as hours_to_submission
            from {{ month }} as month
            inner join
                {{ custody }} as custody
                on month.force_code = custody.force_code
                and month.period_start = {{ month_of("custody.detained_on") }}
            where month.measure_code = 'nccu_capture_completeness'
        ),

        person_for_package as (
            select
                month.force_code,
                month.measure_code,
                month.period_start,
                month.as_on,
                person.employee_no,
                person.org_unit_code,
                person.completed_on,
                month.measure_code
                in ('hydra_completion_incl_absent', 'elearning_completion_incl_absent')
                or not person.is_long_term_absent as is_in_population
            from {{ month }} as month
            inner join
                {{ person }} as person
                on month.force_code = person.force_code
                and month.point_code = person.point_code
                and month.as_on >= person.in_post_from
                and month.as_on < person.in_post_to
            where
                month.measure_code in (
                    'hydra_completion',
                    'hydra_completion_incl_absent',
                    'elearning_completion',
                    'elearning_completion_incl_absent'
                )
        ),

        module_measure as (
            select distinct requirement_code, module_measure_code
            from {{ ref("policy_training_item") }}
            where module_measure_code is not null
        ),

        -- Every officer who needs the package and is not on long-term absence is in the
        -- denominator of each of its modules, so that the modules can be compared.
        person_for_module as (
            select
                month.force_code,
                month.measure_code,
                month.period_start,
                month.as_on,
                person.employee_no,
                person.org_unit_code,
                requirement.completed_on,
                not person.is_long_term_absent as is_in_population
            from {{ month }} as month
            inner join module_measure on month.measure_code = module_measure.module_measure_code
            inner join
                {{ person }} as person
                on month.force_code = person.force_code
                and month.point_code = person.point_code
                and month.as_on >= person.in_post_from
                and month.as_on < person.in_post_to
            left join
                {{ requirement }} as requirement
                on person.force_code = requirement.force_code
                and person.employee_no = requirement.employee_no
                and module_measure.requirement_code = requirement.requirement_code
                and month.as_on >= requirement.in_post_from
                and month.as_on < requirement.in_post_to
        ),

        person_by_measure as (
            select *, completed_on <= as_on as is_complete
            from person_for_package
            union all
            select *, completed_on <= as_on
            from person_for_module
        ),

        person_record as (
            select
                force_code,
                measure_code,
                period_start,
                org_unit_code,
                as_on as rolled_up_on,
                'person' as record_kind,
                employee_no as record_ref,
                case
                    when not is_in_population
                    then 'long_term_absent'
                    when is_complete
                    then 'complete'
                    else 'not_complete'
                end as class,
                completed_on as happened_on,
                case when is_in_population and is_complete then 1 else 0 end as numerator,
                case when is_in_population then 1 else 0 end as denominator,
                cast(null as {{ dbt.type_float() }}) as hours_to_submission
            from person_by_measure
        ),

        -- A plan strand has no team. It belongs to the whole force.
        strand_record as (
            select
                month.force_code,
                month.measure_code,
                month.period_start,
                'ALL' as org_unit_code,
                month.as_on as rolled_up_on,
                'strand' as record_kind,
                plan_day.strand as record_ref,
                case when plan_day.is_met then 'met' else 'not_met' end as class,
                cast(null as date) as happened_on,
                case when plan_day.is_met then 1 else 0 end as numerator,
                1 as denominator,
                cast(null as {{ dbt.type_float() }}) as hours_to_submission
            from {{ month }} as month
            inner join
                {{ plan_day }} as plan_day
                on month.force_code = plan_day.force_code
                and month.as_on = plan_day.day
            where month.measure_code = 'intel_plan_strands_met'
        )

    select *
    from referral_record
    union all
    select *
    from custody_record
    union all
    select *
    from person_record
    union all
    select *
    from strand_record
{%- endmacro %}

{#- A query for every referral, with what the referral adds to one measure.

    population: a condition that selects the referrals that the measure is about.
    met: the condition that the measure asks these referrals to meet.
    In a share, the population is the denominator, and the referrals that also meet `met` are the
    numerator. A measure in hours uses only the referrals that meet both conditions. -#}
{% macro _referral_in_measure(referral, measure_code, population, met, in_hours=false) -%}
    select
        force_code,
        '{{ measure_code }}' as measure_code,
        referral_ref,
        referral_type,
        org_unit_code,
        contacted_on,
        intelligence_class,
        is_due,
        {{ population }} as is_in_population,
        {%- if in_hours %}
            cast(null as integer) as numerator,
            case when ({{ population }}) and {{ met }} then 1 else 0 end as denominator,
        {%- else %}
            case when ({{ population }}) and {{ met }} then 1 else 0 end as numerator,
            case when {{ population }} then 1 else 0 end as denominator,
        {%- endif %}
        hours_to_submission
    from {{ referral }}
{%- endmacro %}
