with
    referral as (select * from {{ ref("int_nccu_referral") }}),

    report as (select * from {{ ref("int_intelligence_report") }} where is_submitted),

    report_with_named_referral as (
        select report.*, named.referral_ref as named_referral_ref
        from report
        left join
            referral as named
            on report.force_code = named.force_code
            and report.nccu_referral_ref = named.referral_ref
    ),

    answer as (
        select report_with_named_referral.*, referral.contacted_on
        from report_with_named_referral
        inner join
            referral
            on report_with_named_referral.force_code = referral.force_code
            and report_with_named_referral.named_referral_ref = referral.referral_ref
        union all
        select report_with_named_referral.*, referral.contacted_on
        from report_with_named_referral
        inner join
            referral
            on report_with_named_referral.force_code = referral.force_code
            and report_with_named_referral.occurrence_ref = referral.occurrence_ref
        where report_with_named_referral.named_referral_ref is null
    ),

    final as (
        select distinct
            answer.force_code,
            answer.report_urn,
            answer.occurrence_ref,
            answer.named_referral_ref,
            answer.officer_key,
            answer.submitted_at,
            answer.status = 'SUBMITTED' and answer.is_graded_validly as is_counting
        from answer
        inner join
            {{ ref("policy_document_type") }} as required
            on answer.document_type_code = required.document_type_code
            and {{ in_force("required", "answer.contacted_on") }}
    )

select *
from final
