-- Why an occurrence with an immigration custody record adds something else to capture completeness:
-- what became of its custody records, of the occurrence, of the referrals that name it, and of the
-- personnel file's rows for the arresting officer's number. Where only the referral can have
-- changed,
-- that is nearest, else the custody records and the occurrence are.
{{ config(materialized="view") }}

with
    changed as (
        select distinct force_code, measure_code, period_start, record_ref
        from {{ ref("restated__changed_record") }}
        where change = 'records' and is_changed and record_kind = 'custody'
    ),

    known_custody as (
        select force_code, custody_id, occurrence_ref, detained_on, org_unit_code, has_referral
        from {{ ref("int_immigration_custody") }}
        union all
        select force_code, custody_id, occurrence_ref, detained_on, org_unit_code, has_referral
        from {{ ref("compared__custody") }}
        where rules = 'today'
    ),

    side as (
        select
            known_custody.*, cast(known_custody.custody_id as {{ dbt.type_string() }}) as record_ref
        from known_custody
        where
            (force_code, cast(custody_id as {{ dbt.type_string() }}))
            in (select force_code, record_ref from changed)
    ),

    turned as (
        select
            force_code,
            record_ref,
            count(*) = 2
            and min(org_unit_code) = max(org_unit_code)
            and min(detained_on) = max(detained_on) as is_in_its_place
        from side
        group by force_code, record_ref
    ),

    {% set occurrences %}
        select force_code, occurrence_ref as key from side where occurrence_ref is not null
    {% endset %}

    custody as (
        {{
            versions_of(
                source("law_enforcement", "custody_record"),
                "select force_code, custody_id as key from side",
                "custody_id",
            )
        }}
        union
        {{
            versions_of(
                source("law_enforcement", "custody_record"), occurrences, "occurrence_ref"
            )
        }}
    ),

    occurrence as (
        {{ versions_of(source("law_enforcement", "occurrence"), occurrences, "occurrence_ref") }}
    ),

    referral as (
        {{ versions_of(source("law_enforcement", "nccu_referral"), occurrences, "occurrence_ref") }}
    ),

    custody_change as ({{ custody_change("custody") }}),

    occurrence_change as ({{ occurrence_change("occurrence") }}),

    referral_change as (
        {{
            record_change(
                "referral",
                source("law_enforcement", "nccu_referral"),
                "referral_ref",
                ["occurrence_ref"],
                "if_created",
                deleted="left_out",
                counts="contacted_at <= as_at",
                carry=["occurrence_ref"],
            )
        }}
    ),

    numbered as (
        {% for version in ["before", "after"] %}
            select
                side.force_code,
                side.record_ref,
                change.arresting_officer_no_{{ version }} as collar_no,
                {{ london_day("change.detained_at_" ~ version) }} as day
            from side
            inner join
                custody_change as change
                on side.force_code = change.force_code
                and side.custody_id = change.record_ref
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    {{ collar_change("numbered", "record_ref") }},

    evidence as (
        select
            side.force_code,
            side.record_ref,
            2 as nearness,
            'rms/custody_record' as dataset,
            cast(change.record_ref as {{ dbt.type_string() }}) as source_ref,
            change.cause
        from side
        inner join
            custody_change as change
            on side.force_code = change.force_code
            and (
                side.custody_id = change.record_ref
                or side.occurrence_ref
                in (change.occurrence_ref_before, change.occurrence_ref_after)
            )
        union all
        -- An occurrence matters when it is cancelled or deleted, or no longer is.
        select
            side.force_code,
            side.record_ref,
            2,
            'rms/occurrence',
            change.record_ref,
            case
                when
                    coalesce(change.is_deleted_before, false)
                    <> coalesce(change.is_deleted_after, false)
                then 'DELETED_RECORD'
                else change.cause
            end
        from side
        inner join
            occurrence_change as change
            on side.force_code = change.force_code
            and side.occurrence_ref = change.record_ref
            and coalesce(change.status_before = 'CANCELLED' or change.is_deleted_before, false)
            <> coalesce(change.status_after = 'CANCELLED' or change.is_deleted_after, false)
        union all
        select
            side.force_code,
            side.record_ref,
            case when turned.is_in_its_place then 1 else 3 end,
            'rms/nccu_referral',
            change.record_ref,
            change.cause
        from side
        inner join
            turned on side.force_code = turned.force_code and side.record_ref = turned.record_ref
        inner join
            referral_change as change
            on side.force_code = change.force_code
            and side.occurrence_ref in (change.occurrence_ref_before, change.occurrence_ref_after)
        union all
        select force_code, record_ref, 4, 'hr/personnel', source_ref, cause
        from numbered_change
    ),

    final as (
        select distinct
            changed.force_code,
            changed.measure_code,
            changed.period_start,
            'custody' as record_kind,
            changed.record_ref,
            evidence.nearness,
            evidence.dataset,
            evidence.source_ref,
            evidence.cause
        from changed
        inner join
            evidence
            on changed.force_code = evidence.force_code
            and changed.record_ref = evidence.record_ref
        where evidence.cause is not null
    )

select *
from final
