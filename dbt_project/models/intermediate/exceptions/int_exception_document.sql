with
    document as (
        select distinct report.*
        from {{ ref("int_intelligence_report") }} as report
        inner join
            {{ ref("policy_document_type") }} as required
            on report.document_type_code = required.document_type_code
            and {{ in_force("required", "report.event_day") }}
        where report.is_submitted
    ),

    problem as (
        select document.*, 'DOCUMENT_OFFICER_UNRESOLVED' as exception_code
        from document
        where not document.is_author_resolved
        union all
        select document.*, 'DOCUMENT_NAMES_NO_REFERRAL'
        from document
        left join
            {{ ref("int_nccu_referral") }} as referral
            on document.force_code = referral.force_code
            and document.nccu_referral_ref = referral.referral_ref
        where document.nccu_referral_ref is not null and referral.referral_ref is null
    ),

    final as (
        select
            force_code,
            exception_code,
            {{ point_of("referral") }} as point_code,
            report_urn as record_ref,
            org_unit_code,
            officer_key,
            submitted_at as opened_at
        from problem
    )

select *
from final
