{{ config(materialized="view") }}

with
    changed_custody as (
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

    custody_in_editions as (
        select
            known_custody.*, cast(known_custody.custody_id as {{ dbt.type_string() }}) as record_ref
        from known_custody
        where
            (force_code, cast(custody_id as {{ dbt.type_string() }}))
            in (select force_code, record_ref from changed_custody)
    ),

    custody_comparison as (
        select
            force_code,
            record_ref,
            count(*) = 2
            and min(org_unit_code) = max(org_unit_code)
            and min(detained_on) = max(detained_on) as has_same_team_and_day
        from custody_in_editions
        group by force_code, record_ref
    ),

    {% set occurrences %}
        select force_code, occurrence_ref as key
        from custody_in_editions
        where occurrence_ref is not null
    {% endset %}

    custody as (
        {{
            versions_of(
                source("law_enforcement", "custody_record"),
                "select force_code, custody_id as key from custody_in_editions",
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

    officer_number as (
        {% for version in ["before", "after"] %}
            select
                custody_in_editions.force_code,
                custody_in_editions.record_ref,
                change.arresting_officer_no_{{ version }} as collar_no,
                {{ london_day("change.detained_at_" ~ version) }} as day
            from custody_in_editions
            inner join
                custody_change as change
                on custody_in_editions.force_code = change.force_code
                and custody_in_editions.custody_id = change.record_ref
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    {{ collar_change("officer_number", "record_ref") }},

    possible_cause as (
        select
            custody_in_editions.force_code,
            custody_in_editions.record_ref,
            2 as nearness,
            'rms/custody_record' as dataset,
            cast(change.record_ref as {{ dbt.type_string() }}) as source_ref,
            change.cause
        from custody_in_editions
        inner join
            custody_change as change
            on custody_in_editions.force_code = change.force_code
            and custody_in_editions.custody_id = change.record_ref
        union all
        select
            custody_in_editions.force_code,
            custody_in_editions.record_ref,
            2,
            'rms/custody_record',
            cast(change.record_ref as {{ dbt.type_string() }}),
            change.cause
        from custody_in_editions
        inner join
            ({{ changes_by("custody_change", "occurrence_ref") }}) as change
            on custody_in_editions.force_code = change.force_code
            and custody_in_editions.occurrence_ref = change.key
        union all
        -- A change of an occurrence matters only if the occurrence was cancelled or deleted, or is
        -- no longer cancelled or deleted.
        select
            custody_in_editions.force_code,
            custody_in_editions.record_ref,
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
        from custody_in_editions
        inner join
            occurrence_change as change
            on custody_in_editions.force_code = change.force_code
            and custody_in_editions.occurrence_ref = change.record_ref
            and coalesce(change.status_before = 'CANCELLED' or change.is_deleted_before, false)
            <> coalesce(change.status_after = 'CANCELLED' or change.is_deleted_after, false)
        union all
        select
            custody_in_editions.force_code,
            custody_in_editions.record_ref,
            case when custody_comparison.has_same_team_and_day then 1 else 3 end,
            'rms/nccu_referral',
            change.record_ref,
            change.cause
        from custody_in_editions
        inner join
            custody_comparison
            on custody_in_editions.force_code = custody_comparison.force_code
            and custody_in_editions.record_ref = custody_comparison.record_ref
        inner join
            ({{ changes_by("referral_change", "occurrence_ref") }}) as change
            on custody_in_editions.force_code = change.force_code
            and custody_in_editions.occurrence_ref = change.key
        union all
        select force_code, record_ref, 4, 'hr/personnel', source_ref, cause
        from officer_number_change
    ),

    final as (
        select distinct
            changed_custody.force_code,
            changed_custody.measure_code,
            changed_custody.period_start,
            'custody' as record_kind,
            changed_custody.record_ref,
            possible_cause.nearness,
            possible_cause.dataset,
            possible_cause.source_ref,
            possible_cause.cause
        from changed_custody
        inner join
            possible_cause
            on changed_custody.force_code = possible_cause.force_code
            and changed_custody.record_ref = possible_cause.record_ref
        where possible_cause.cause is not null
    )

select *
from final
