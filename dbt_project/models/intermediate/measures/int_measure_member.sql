-- Every record behind every figure: in which class it is, what it adds to numerator and
-- denominator, and for which unit. Records that were looked at and left out add nothing and say
-- why by their class. A view, because who explains a figure asks for a few of its rows, and
-- nobody for all.
{{ config(materialized="view") }}

with
    -- Hours are measured over those that make up the numerator of the first measure.
    referral as (
        select
            referral.force_code,
            measure.measure_code,
            {{ month_of("referral.contacted_on") }} as period_start,
            referral.org_unit_code as team_code,
            referral.contacted_on as rolled_up_on,
            'referral' as record_kind,
            referral.referral_ref as record_ref,
            case
                when record.record_ref is not null or not referral.is_due
                then referral.intelligence_class
                else lower(referral.referral_type)
            end as class,
            case
                when measure.unit_of_value = 'share' then coalesce(record.numerator, 0)
            end as numerator,
            case
                when record.record_ref is null
                then 0
                when measure.unit_of_value = 'share'
                then 1
                else record.numerator
            end as denominator,
            referral.contacted_on as happened_on,
            referral.officer_key,
            referral.report_urn as related_ref,
            referral.hours_to_submission
        from {{ ref("int_nccu_referral_class") }} as referral
        inner join
            {{ ref("policy_measure") }} as measure
            on measure.point_code = 'NCCU_INTEL'
            and measure.measure_code <> 'nccu_capture_completeness'
        left join
            {{ ref("int_measure_record") }} as record
            on referral.force_code = record.force_code
            and referral.referral_ref = record.record_ref
            and record.measure_code = case
                when measure.unit_of_value = 'hours'
                then 'nccu_intel_compliance'
                else measure.measure_code
            end
    ),

    custody as (
        select
            record.force_code,
            record.measure_code,
            record.period_start,
            record.org_unit_code,
            record.rolled_up_on,
            'custody' as record_kind,
            record.record_ref,
            case when record.numerator = 1 then 'told' else 'not_told' end as class,
            record.numerator,
            1 as denominator,
            custody.detained_on,
            custody.officer_key,
            custody.occurrence_ref,
            cast(null as {{ dbt.type_float() }}) as hours_to_submission
        from {{ ref("int_immigration_custody") }} as custody
        inner join
            {{ ref("int_measure_record") }} as record
            on custody.force_code = record.force_code
            and cast(custody.custody_id as {{ dbt.type_string() }}) = record.record_ref
            and record.measure_code = 'nccu_capture_completeness'
    ),

    person as (
        select
            person.force_code,
            person.measure_code,
            person.period_start,
            person.org_unit_code,
            person.as_on,
            'officer' as record_kind,
            pseudonym.officer_key as record_ref,
            case
                when not person.is_counted
                then 'long_term_absent'
                when person.is_complete
                then 'complete'
                else 'not_complete'
            end as class,
            case when person.is_counted and person.is_complete then 1 else 0 end as numerator,
            case when person.is_counted then 1 else 0 end as denominator,
            person.completed_on,
            cast(null as {{ dbt.type_string() }}) as officer_key,
            cast(null as {{ dbt.type_string() }}) as related_ref,
            cast(null as {{ dbt.type_float() }}) as hours_to_submission
        from {{ ref("int_measure_person") }} as person
        inner join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on person.force_code = pseudonym.force_code
            and person.employee_no = pseudonym.identifier
            and pseudonym.is_person
    ),

    -- Strands are the whole force's: they have neither a team nor units above it.
    strand as (
        select
            month.force_code,
            month.measure_code,
            month.period_start,
            'ALL' as org_unit_code,
            month.as_on,
            'strand' as record_kind,
            plan_day.strand as record_ref,
            case when plan_day.is_met then 'met' else 'not_met' end as class,
            case when plan_day.is_met then 1 else 0 end as numerator,
            1 as denominator,
            cast(null as date) as happened_on,
            cast(null as {{ dbt.type_string() }}) as officer_key,
            plan_day.plan_ref,
            cast(null as {{ dbt.type_float() }}) as hours_to_submission
        from {{ ref("int_measure_month") }} as month
        inner join
            {{ ref("int_plan_day") }} as plan_day
            on month.force_code = plan_day.force_code
            and month.as_on = plan_day.day
        where month.measure_code = 'intel_plan_strands_met'
    ),

    leaf as (
        select *
        from referral
        union all
        select *
        from custody
        union all
        select *
        from person
        union all
        select *
        from strand
    ),

    level as (
        select true as is_force
        union all
        select false
    ),

    final as (
        select
            leaf.force_code,
            leaf.measure_code,
            leaf.period_start,
            case
                when level.is_force then 'ALL' else coalesce(ancestor.ancestor_code, leaf.team_code)
            end as org_unit_code,
            leaf.team_code,
            leaf.record_kind,
            leaf.record_ref,
            leaf.class,
            leaf.numerator,
            leaf.denominator,
            leaf.happened_on,
            leaf.officer_key,
            leaf.related_ref,
            leaf.hours_to_submission
        from leaf
        inner join level on level.is_force or leaf.record_kind <> 'strand'
        left join
            {{ ref("int_org_unit_ancestor") }} as ancestor
            on not level.is_force
            and leaf.force_code = ancestor.force_code
            and leaf.team_code = ancestor.org_unit_code
            and leaf.rolled_up_on >= ancestor.valid_from
            and leaf.rolled_up_on < ancestor.valid_to
    )

select *
from final
