with
    deciding_report as (
        select distinct force_code, report_urn
        from {{ ref("int_nccu_referral_class") }}
        where is_counted
    ),

    final as (
        select
            report.force_code,
            report.report_urn,
            report.document_type_code,
            {{ label("document_type", "report.document_type_code") }} as document_type_label,
            report.submitted_at,
            {{ london_time("report.submitted_at") }} as submitted_at_local,
            {{ london_day("report.submitted_at") }} as submitted_on,
            report.event_day as date_day,
            report.status,
            {{ label("report_status", "report.status") }} as status_label,
            report.grading_scheme,
            {{ label("grading_scheme", "report.grading_scheme") }} as grading_scheme_label,
            report.is_graded_validly,
            report.handling_code,
            {{ label("handling", "report.handling_code") }} as handling_label,
            {{ point_of("referral") }} as point_code,
            point.title as point_label,
            measure.measure_code,
            measure.title as measure_label,
            report.org_unit_code,
            unit.org_unit_name as org_unit_label,
            report.officer_key,
            deciding_report.report_urn is not null as is_counted,
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
        left join
            {{ ref("int_org_unit") }} as unit
            on report.force_code = unit.force_code
            and report.org_unit_code = unit.org_unit_code
        left join {{ ref("point_words") }} as point on point.point_code = {{ point_of("referral") }}
        left join
            deciding_report
            on report.force_code = deciding_report.force_code
            and report.report_urn = deciding_report.report_urn
        left join
            {{ ref("policy_measure") }} as measure
            on measure.measure_code = {{ first_measure("referral") }}
            {{ label_join("document_type", "report.document_type_code") }}
            {{ label_join("report_status", "report.status") }}
            {{ label_join("grading_scheme", "report.grading_scheme") }}
            {{ label_join("handling", "report.handling_code") }}
    )

select *
from final
