with
    closed as (select * from {{ ref("int_exception_newly_closed") }}),

    referral as (
        select
            closed.force_code,
            closed.exception_key,
            case
                when referral.referral_ref is null
                then 'RECORD_WITHDRAWN'
                when closed.exception_code = 'REFERRAL_OFFICER_UNRESOLVED'
                then 'OFFICER_FOUND'
                when not referral.is_counted
                then 'NO_LONGER_COUNTED'
                when referral.is_compliant
                then 'DOCUMENT_SUBMITTED'
                when referral.intelligence_class = 'missing'
                then 'DOCUMENT_WITHDRAWN'
                else 'OTHER_DOCUMENT'
            end as closed_because,
            -- If an invalid document became valid, no record says when, so the time is blank.
            case
                when
                    referral.is_counted
                    and closed.exception_code
                    in ('REFERRAL_DOCUMENT_MISSING', 'REFERRAL_DOCUMENT_BY_OTHER')
                then referral.submitted_at
            end as closed_at
        from closed
        left join
            {{ ref("int_nccu_referral_class") }} as referral
            on closed.force_code = referral.force_code
            and closed.record_ref = referral.referral_ref
        where
            closed.exception_code in (
                'REFERRAL_DOCUMENT_MISSING',
                'REFERRAL_DOCUMENT_BY_OTHER',
                'REFERRAL_DOCUMENT_INVALID',
                'REFERRAL_OFFICER_UNRESOLVED'
            )
    ),

    document as (
        select
            closed.force_code,
            closed.exception_key,
            case
                when report.report_urn is null or not report.is_submitted
                then 'RECORD_WITHDRAWN'
                when closed.exception_code = 'DOCUMENT_OFFICER_UNRESOLVED'
                then 'OFFICER_FOUND'
                else 'REFERRAL_FOUND'
            end as closed_because,
            closed.closed_at
        from closed
        left join
            {{ ref("int_intelligence_report") }} as report
            on closed.force_code = report.force_code
            and closed.record_ref = report.report_urn
        where closed.exception_code in ('DOCUMENT_OFFICER_UNRESOLVED', 'DOCUMENT_NAMES_NO_REFERRAL')
    ),

    custody as (
        select
            closed.force_code,
            closed.exception_key,
            case
                when custody.force_code is null then 'RECORD_WITHDRAWN' else 'REFERRAL_MADE'
            end as closed_because,
            closed.closed_at
        from closed
        left join
            {{ ref("int_immigration_custody") }} as custody
            on closed.force_code = custody.force_code
            and closed.record_ref = {{ custody_ref("custody") }}
        where closed.exception_code = 'CUSTODY_WITHOUT_REFERRAL'
    )

select *
from referral
union all
select *
from document
union all
select *
from custody
