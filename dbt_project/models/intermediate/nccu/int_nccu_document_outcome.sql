{{ config(materialized="view") }}

with
    referral as (select * from {{ ref("int_nccu_referral_class") }}),

    report as (select * from {{ ref("int_intelligence_report") }}),

    related as (
        select force_code, nccu_referral_ref as referral_ref, report_urn
        from report
        where nccu_referral_ref is not null
        union
        select referral.force_code, referral.referral_ref, report.report_urn
        from referral
        inner join
            report
            on referral.force_code = report.force_code
            and referral.occurrence_ref = report.occurrence_ref
    ),

    matched as (
        select *
        from {{ ref("int_nccu_match_valid") }}
        union all
        select *
        from {{ ref("int_nccu_match_invalid") }}
    ),

    final as (
        select
            related.force_code,
            related.referral_ref,
            related.report_urn,
            report.document_type_code,
            report.status,
            report.grading_scheme,
            report.is_graded_validly,
            report.submitted_at,
            report.officer_key,
            referral.officer_key = report.officer_key as is_own_officer,
            report.nccu_referral_ref,
            coalesce(document.is_counting, false) as is_counting,
            matched.link_method,
            elsewhere.referral_ref as answers_referral_ref,
            case
                when referral.report_urn = related.report_urn
                then 'decides'
                when matched.report_urn is not null
                then 'belongs'
                when not report.is_submitted
                then 'not_submitted'
                when document.report_urn is null
                then 'not_required'
                when document.named_referral_ref <> related.referral_ref
                then 'names_another'
                when report.submitted_at < referral.first_usable_at
                then 'too_early'
                when elsewhere.report_urn is not null
                then 'taken'
                else 'not_needed'
            end as outcome
        from related
        inner join
            referral
            on related.force_code = referral.force_code
            and related.referral_ref = referral.referral_ref
        inner join
            report
            on related.force_code = report.force_code
            and related.report_urn = report.report_urn
        left join
            {{ ref("int_nccu_document") }} as document
            on related.force_code = document.force_code
            and related.report_urn = document.report_urn
        left join
            matched
            on related.force_code = matched.force_code
            and related.referral_ref = matched.referral_ref
            and related.report_urn = matched.report_urn
        left join
            matched as elsewhere
            on related.force_code = elsewhere.force_code
            and related.report_urn = elsewhere.report_urn
            and related.referral_ref <> elsewhere.referral_ref
    )

select *
from final
