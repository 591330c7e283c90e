with
    report as (
        select *, {{ london_day("coalesce(submitted_at, created_at)") }} as event_day
        from {{ ref("stg_intelligence__report") }}
    ),

    final as (
        select
            report.force_code,
            report.report_urn,
            report.occurrence_ref,
            report.nccu_referral_ref,
            report.document_type_code,
            report.status,
            report.grading_scheme,
            report.handling_code,
            report.submitted_at,
            report.event_day,
            author.officer_key,
            coalesce(author.org_unit_code, 'UNKNOWN') as org_unit_code,
            coalesce(author.is_resolved, false) as is_author_resolved,
            source_code.code is not null
            and assessment_code.code is not null
            and handling_code.code is not null
            and (
                report.has_handling_conditions or not handling_code.needs_conditions
            ) as is_graded_validly,
            report.submitted_at is not null and report.status <> 'DRAFT' as is_submitted
        from report
        left join
            {{ ref("int_collar_resolution") }} as author
            on report.force_code = author.force_code
            and report.author_officer_no = author.collar_no
            and report.event_day = author.event_day
        left join
            {{ ref("policy_grading") }} as source_code
            on report.grading_scheme = source_code.grading_scheme
            and source_code.element = 'source_evaluation'
            and report.source_evaluation = source_code.code
            and {{ in_force("source_code", "report.event_day") }}
        left join
            {{ ref("policy_grading") }} as assessment_code
            on report.grading_scheme = assessment_code.grading_scheme
            and assessment_code.element = 'intelligence_assessment'
            and report.intelligence_assessment = assessment_code.code
            and {{ in_force("assessment_code", "report.event_day") }}
        left join
            {{ ref("policy_grading") }} as handling_code
            on report.grading_scheme = handling_code.grading_scheme
            and handling_code.element = 'handling_code'
            and report.handling_code = handling_code.code
            and {{ in_force("handling_code", "report.event_day") }}
    )

select *
from final
