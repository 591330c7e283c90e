with
    final as (
        select
            report.force_code,
            report.report_urn,
            report.document_type_code,
            report.submitted_at,
            {{ london_day("report.submitted_at") }} as submitted_on,
            report.status,
            report.grading_scheme,
            report.is_graded_validly,
            report.handling_code,
            report.officer_key,
            officer.officer_version_key,
            build.publication_id
        from {{ ref("int_intelligence_report") }} as report
        cross join {{ ref("stg_audit__build") }} as build
        left join
            {{ ref("int_officer_version") }} as officer
            on report.force_code = officer.force_code
            and report.officer_key = officer.officer_key
            and report.event_day >= officer.valid_from
            and report.event_day < officer.valid_to
    )

select *
from final
