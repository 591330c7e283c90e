-- This model is a view, because `assurance explain` reads a few rows of one figure, and
-- nothing reads all rows.
{{ config(materialized="view") }}

with
    referral as (
        select
            record.*,
            record.record_kind as shown_kind,
            record.record_ref as shown_ref,
            referral.officer_key,
            referral.report_urn as related_ref
        from {{ ref("int_measure_record") }} as record
        inner join
            {{ ref("int_nccu_referral_class") }} as referral
            on record.force_code = referral.force_code
            and record.record_ref = referral.referral_ref
        where record.record_kind = 'referral'
    ),

    custody as (
        select
            record.*,
            record.record_kind as shown_kind,
            record.record_ref as shown_ref,
            custody.officer_key,
            custody.occurrence_ref as related_ref
        from {{ ref("int_measure_record") }} as record
        inner join
            {{ ref("int_immigration_custody") }} as custody
            on record.force_code = custody.force_code
            and record.record_ref = cast(custody.custody_id as {{ dbt.type_string() }})
        where record.record_kind = 'custody'
    ),

    -- Officers are shown under their pseudonym, never under their number.
    officer as (
        select
            record.*,
            'officer' as shown_kind,
            pseudonym.officer_key as shown_ref,
            cast(null as {{ dbt.type_string() }}) as officer_key,
            cast(null as {{ dbt.type_string() }}) as related_ref
        from {{ ref("int_measure_record") }} as record
        inner join
            {{ ref("stg_identity__pseudonym") }} as pseudonym
            on record.force_code = pseudonym.force_code
            and record.record_ref = pseudonym.identifier
            and pseudonym.is_person
        where record.record_kind = 'person'
    ),

    strand as (
        select
            record.*,
            record.record_kind as shown_kind,
            record.record_ref as shown_ref,
            cast(null as {{ dbt.type_string() }}) as officer_key,
            plan_day.plan_ref as related_ref
        from {{ ref("int_measure_record") }} as record
        inner join
            {{ ref("int_plan_day") }} as plan_day
            on record.force_code = plan_day.force_code
            and record.record_ref = plan_day.strand
            and record.rolled_up_on = plan_day.day
        where record.record_kind = 'strand'
    ),

    shown as (
        select *
        from referral
        union all
        select *
        from custody
        union all
        select *
        from officer
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
            shown.force_code,
            shown.measure_code,
            shown.period_start,
            case
                when level.is_force
                then 'ALL'
                else coalesce(ancestor.ancestor_code, shown.org_unit_code)
            end as org_unit_code,
            shown.org_unit_code as team_code,
            shown.shown_kind as record_kind,
            shown.shown_ref as record_ref,
            shown.class,
            shown.numerator,
            shown.denominator,
            shown.happened_on,
            shown.officer_key,
            shown.related_ref,
            shown.hours_to_submission
        from shown
        inner join level on level.is_force or shown.org_unit_code <> 'ALL'
        left join
            {{ ref("int_org_unit_ancestor") }} as ancestor
            on not level.is_force
            and shown.force_code = ancestor.force_code
            and shown.org_unit_code = ancestor.org_unit_code
            and shown.rolled_up_on >= ancestor.valid_from
            and shown.rolled_up_on < ancestor.valid_to
    )

select *
from final
