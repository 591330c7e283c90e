{{ config(materialized="view") }}

with
    changed_referral as (
        select distinct force_code, measure_code, period_start, record_ref as referral_ref
        from {{ ref("restated__changed_record") }}
        where change = 'records' and is_changed and record_kind = 'referral'
    ),

    referral_class as (
        select force_code, referral_ref, occurrence_ref, report_urn, intelligence_class
        from {{ ref("int_nccu_referral_class") }}
        union all
        select force_code, referral_ref, occurrence_ref, report_urn, intelligence_class
        from {{ ref("compared__referral") }}
        where rules = 'today'
    ),

    referral_in_editions as (
        select referral_class.*
        from referral_class
        where (force_code, referral_ref) in (select force_code, referral_ref from changed_referral)
    ),

    {% set occurrences %}
        select force_code, occurrence_ref as key
        from referral_in_editions
        where occurrence_ref is not null
    {% endset %}
    {% set referral_keys %}
        select force_code, referral_ref as key from referral_in_editions
    {% endset %}

    referral as (
        {{ versions_of(source("law_enforcement", "nccu_referral"), referral_keys, "referral_ref") }}
        union
        {{ versions_of(source("law_enforcement", "nccu_referral"), occurrences, "occurrence_ref") }}
    ),

    {% set known_report %}
        {{
            without_recalled(
                source("law_enforcement", "intelligence_report"), "intelligence_report"
            )
        }}
    {% endset %}

    report as (
        {{
            versions_of(
                known_report,
                "select force_code, report_urn as key from referral_in_editions",
                "report_urn",
            )
        }}
        union
        {{ versions_of(known_report, referral_keys, "nccu_referral_ref") }}
        union
        {{ versions_of(known_report, occurrences, "occurrence_ref") }}
    ),

    -- Referrals whose deciding document in the compared publication can no longer be read: it was
    -- erased from raw, or its marking has risen. The cause names the referral, because the document
    -- must not be named.
    erased_report as (
        select before.force_code, before.referral_ref
        from {{ ref("compared__referral") }} as before
        inner join
            changed_referral
            on before.force_code = changed_referral.force_code
            and before.referral_ref = changed_referral.referral_ref
        where
            before.rules = 'today'
            and before.report_urn is not null
            and not exists (
                select report.report_urn
                from report
                where
                    report.force_code = before.force_code and report.report_urn = before.report_urn
            )
    ),

    referral_change as ({{ referral_change("referral") }}),

    report_change as ({{ report_change("report") }}),

    -- The officer numbers on the referral and on its document, in the compared publication and in
    -- this build, each with the day of the event.
    officer_number as (
        {% for version in ["before", "after"] %}
            select
                referral_in_editions.force_code,
                referral_in_editions.referral_ref,
                change.reporting_officer_no_{{ version }} as collar_no,
                {{ london_day("change.contacted_at_" ~ version) }} as day
            from referral_in_editions
            inner join
                referral_change as change
                on referral_in_editions.force_code = change.force_code
                and referral_in_editions.referral_ref = change.record_ref
            union all
            select
                referral_in_editions.force_code,
                referral_in_editions.referral_ref,
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
            from referral_in_editions
            inner join
                report_change as change
                on referral_in_editions.force_code = change.force_code
                and referral_in_editions.report_urn = change.record_ref
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    {{ collar_change("officer_number", "referral_ref") }},

    possible_cause as (
        select
            referral_in_editions.force_code,
            referral_in_editions.referral_ref,
            1 as nearness,
            'rms/nccu_referral' as dataset,
            change.record_ref as source_ref,
            change.cause
        from referral_in_editions
        inner join
            referral_change as change
            on referral_in_editions.force_code = change.force_code
            and referral_in_editions.referral_ref = change.record_ref
        union all
        select
            referral_in_editions.force_code,
            referral_in_editions.referral_ref,
            2,
            'intelligence/report',
            change.record_ref,
            change.cause
        from referral_in_editions
        inner join
            report_change as change
            on referral_in_editions.force_code = change.force_code
            and referral_in_editions.report_urn = change.record_ref
        union all
        select force_code, referral_ref, 2, 'intelligence/report', referral_ref, 'DELETED_RECORD'
        from erased_report
        union all
        select force_code, referral_ref, 3, 'hr/personnel', source_ref, cause
        from officer_number_change
        union all
        select
            referral_in_editions.force_code,
            referral_in_editions.referral_ref,
            4,
            'rms/nccu_referral',
            change.record_ref,
            change.cause
        from referral_in_editions
        inner join
            ({{ changes_by("referral_change", "occurrence_ref") }}) as change
            on referral_in_editions.force_code = change.force_code
            and referral_in_editions.occurrence_ref = change.key
        union all
        select
            referral_in_editions.force_code,
            referral_in_editions.referral_ref,
            4,
            'intelligence/report',
            change.record_ref,
            change.cause
        from referral_in_editions
        inner join
            ({{ changes_by("report_change", "occurrence_ref") }}) as change
            on referral_in_editions.force_code = change.force_code
            and referral_in_editions.occurrence_ref = change.key
        union all
        select
            referral_in_editions.force_code,
            referral_in_editions.referral_ref,
            4,
            'intelligence/report',
            change.record_ref,
            change.cause
        from referral_in_editions
        inner join
            ({{ changes_by("report_change", "nccu_referral_ref") }}) as change
            on referral_in_editions.force_code = change.force_code
            and referral_in_editions.referral_ref = change.key
        union all
        -- The referral was awaiting a document in one of the two publications, and its grace period
        -- has ended in the other. No source record shows this, so the cause is LATE_RECORD.
        select force_code, referral_ref, 5, 'rms/nccu_referral', referral_ref, 'LATE_RECORD'
        from referral_in_editions
        where intelligence_class = 'awaiting'
    ),

    final as (
        select distinct
            changed_referral.force_code,
            changed_referral.measure_code,
            changed_referral.period_start,
            'referral' as record_kind,
            changed_referral.referral_ref as record_ref,
            possible_cause.nearness,
            possible_cause.dataset,
            possible_cause.source_ref,
            possible_cause.cause
        from changed_referral
        inner join
            possible_cause
            on changed_referral.force_code = possible_cause.force_code
            and changed_referral.referral_ref = possible_cause.referral_ref
        where possible_cause.cause is not null
    )

select *
from final
