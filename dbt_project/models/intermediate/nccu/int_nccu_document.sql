-- The documents that can answer a referral: submitted reports of a required type. Which types are
-- required is policy as on the day of contact, so a type qualifies through the referral that the
-- document names or, where it names none that exists, through a referral of its occurrence.
with
    referral as (select * from {{ ref("int_nccu_referral") }}),

    report as (select * from {{ ref("int_intelligence_report") }} where is_submitted),

    pointed as (
        select report.*, named.referral_ref as named_referral_ref
        from report
        left join
            referral as named
            on report.force_code = named.force_code
            and report.nccu_referral_ref = named.referral_ref
    ),

    final as (
        select distinct
            pointed.force_code,
            pointed.report_urn,
            pointed.occurrence_ref,
            pointed.named_referral_ref,
            pointed.officer_key,
            pointed.submitted_at,
            pointed.status = 'SUBMITTED' and pointed.is_graded_validly as is_counting
        from pointed
        inner join
            referral
            on pointed.force_code = referral.force_code
            and (
                pointed.named_referral_ref = referral.referral_ref
                or (
                    pointed.named_referral_ref is null
                    and pointed.occurrence_ref = referral.occurrence_ref
                )
            )
        inner join
            {{ ref("policy_document_type") }} as required
            on pointed.document_type_code = required.document_type_code
            and {{ in_force("required", "referral.contacted_on") }}
    )

select *
from final
