with
    closed as (select * from {{ ref("int_exception_newly_closed") }}),

    record as (
        select
            closed.force_code,
            closed.exception_key,
            case
                when record.record_ref is null then 'RECORD_WITHDRAWN' else record.ends_as
            end as closed_because,
            record.ended_at as closed_at
        from closed
        left join
            {{ ref("int_exception_record") }} as record
            on closed.force_code = record.force_code
            and closed.exception_code = record.exception_code
            and closed.record_ref = record.record_ref
        where
            closed.exception_code in (
                {% for kind in records().values() %}
                    {% for code in kind.get("exceptions", {}) %}'{{ code }}', {% endfor %}
                {% endfor %}
                ''
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
    )

select *
from record
union all
select *
from document
