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

    -- A document and the day of contact of each referral that it can be for.
    candidate as (
        select pointed.*, referral.contacted_on
        from pointed
        inner join
            referral
            on pointed.force_code = referral.force_code
            and pointed.named_referral_ref = referral.referral_ref
        union all
        select pointed.*, referral.contacted_on
        from pointed
        inner join
            referral
            on pointed.force_code = referral.force_code
            and pointed.occurrence_ref = referral.occurrence_ref
        where pointed.named_referral_ref is null
    ),

    final as (
        select distinct
            candidate.force_code,
            candidate.report_urn,
            candidate.occurrence_ref,
            candidate.named_referral_ref,
            candidate.officer_key,
            candidate.submitted_at,
            candidate.status = 'SUBMITTED' and candidate.is_graded_validly as is_counting
        from candidate
        inner join
            {{ ref("policy_document_type") }} as required
            on candidate.document_type_code = required.document_type_code
            and {{ in_force("required", "candidate.contacted_on") }}
    )

select *
from final
