with
    source as (
        {{
            version_as_at(
                without_recalled(
                    source("law_enforcement", "intelligence_report"), "intelligence_report"
                ),
                first_version_stands="if_created",
                deleted="left_out",
            )
        }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            report_id,
            report_urn,
            {{ blank_to_null("occurrence_ref") }} as occurrence_ref,
            {{ blank_to_null("nccu_referral_ref") }} as nccu_referral_ref,
            author_officer_no,

            -- text
            document_type_code,
            status,
            grading_scheme,
            source_evaluation,
            intelligence_assessment,
            handling_code,
            protective_marking,

            -- booleans
            handling_conditions as has_handling_conditions,

            -- times
            created_at,
            {{ if_happened("submitted_at") }} as submitted_at
        from source
    )

select *
from renamed
