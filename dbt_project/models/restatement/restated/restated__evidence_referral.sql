-- Why a referral adds something else to a figure: what became of its own record, of the documents
-- that decide or decided, of the personnel file's rows for the officers' numbers, and of whatever
-- else there is in its occurrence, where referrals take documents in turn. The nearest explains it.
{{ config(materialized="view") }}

with
    changed as (
        select distinct force_code, measure_code, period_start, record_ref as referral_ref
        from {{ ref("restated__changed_record") }}
        where change = 'records' and is_changed and record_kind = 'referral'
    ),

    ref_class as (
        select force_code, referral_ref, occurrence_ref, report_urn, intelligence_class
        from {{ ref("int_nccu_referral_class") }}
        union all
        select force_code, referral_ref, occurrence_ref, report_urn, intelligence_class
        from {{ ref("compared__referral") }}
        where rules = 'today'
    ),

    side as (
        select ref_class.*
        from ref_class
        where (force_code, referral_ref) in (select force_code, referral_ref from changed)
    ),

    {% set occurrences %}
        select force_code, occurrence_ref as key from side where occurrence_ref is not null
    {% endset %}
    {% set itself %} select force_code, referral_ref as key from side {% endset %}

    referral as (
        {{ versions_of(source("law_enforcement", "nccu_referral"), itself, "referral_ref") }}
        union
        {{ versions_of(source("law_enforcement", "nccu_referral"), occurrences, "occurrence_ref") }}
    ),

    report as (
        {{
            versions_of(
                source("law_enforcement", "intelligence_report"),
                "select force_code, report_urn as key from side",
                "report_urn",
            )
        }}
        union
        {{
            versions_of(
                source("law_enforcement", "intelligence_report"), itself, "nccu_referral_ref"
            )
        }}
        union
        {{
            versions_of(
                source("law_enforcement", "intelligence_report"), occurrences, "occurrence_ref"
            )
        }}
    ),

    referral_change as ({{ referral_change("referral") }}),

    report_change as ({{ report_change("report") }}),

    -- The number of whoever reported or wrote, on the day of it, as it is and as it was.
    numbered as (
        {% for version in ["before", "after"] %}
            select
                side.force_code,
                side.referral_ref,
                change.reporting_officer_no_{{ version }} as collar_no,
                {{ london_day("change.contacted_at_" ~ version) }} as day
            from side
            inner join
                referral_change as change
                on side.force_code = change.force_code
                and side.referral_ref = change.record_ref
            union all
            select
                side.force_code,
                side.referral_ref,
                change.author_officer_no_{{ version }},
                {{
                    london_day(
                        "coalesce(change.submitted_at_"
                        ~ version
                        ~ ", change.created_at_"
                        ~ version
                        ~ ")"
                    )
                }}
            from side
            inner join
                report_change as change
                on side.force_code = change.force_code
                and side.report_urn = change.record_ref
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    {{ collar_change("numbered", "referral_ref") }},

    evidence as (
        select
            side.force_code,
            side.referral_ref,
            1 as nearness,
            'rms/nccu_referral' as dataset,
            change.record_ref as source_ref,
            change.cause
        from side
        inner join
            referral_change as change
            on side.force_code = change.force_code
            and side.referral_ref = change.record_ref
        union all
        select
            side.force_code,
            side.referral_ref,
            2,
            'intelligence/report',
            change.record_ref,
            change.cause
        from side
        inner join
            report_change as change
            on side.force_code = change.force_code
            and side.report_urn = change.record_ref
        union all
        select force_code, referral_ref, 3, 'hr/personnel', source_ref, cause
        from numbered_change
        union all
        select
            side.force_code,
            side.referral_ref,
            4,
            'rms/nccu_referral',
            change.record_ref,
            change.cause
        from side
        inner join
            referral_change as change
            on side.force_code = change.force_code
            and side.occurrence_ref in (change.occurrence_ref_before, change.occurrence_ref_after)
        union all
        select
            side.force_code,
            side.referral_ref,
            4,
            'intelligence/report',
            change.record_ref,
            change.cause
        from side
        inner join
            report_change as change
            on side.force_code = change.force_code
            and (
                side.occurrence_ref in (change.occurrence_ref_before, change.occurrence_ref_after)
                or side.referral_ref
                in (change.nccu_referral_ref_before, change.nccu_referral_ref_after)
            )
        union all
        -- Nothing was recorded: its hours of grace have run out.
        select force_code, referral_ref, 5, 'rms/nccu_referral', referral_ref, 'LATE_RECORD'
        from side
        where intelligence_class = 'awaiting'
    ),

    final as (
        select distinct
            changed.force_code,
            changed.measure_code,
            changed.period_start,
            'referral' as record_kind,
            changed.referral_ref as record_ref,
            evidence.nearness,
            evidence.dataset,
            evidence.source_ref,
            evidence.cause
        from changed
        inner join
            evidence
            on changed.force_code = evidence.force_code
            and changed.referral_ref = evidence.referral_ref
        where evidence.cause is not null
    )

select *
from final
