with
    source as (
        {{
            version_as_at(
                source("law_enforcement", "custody_record"),
                first_version_stands="if_created",
                deleted="left_out",
            )
        }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            custody_id,
            {{ blank_to_null("occurrence_ref") }} as occurrence_ref,
            arresting_officer_no,

            -- text
            detention_reason_code,

            -- times
            detained_at,
            {{ if_happened("released_at") }} as released_at
        from source
        where detained_at <= as_at
    )

select *
from renamed
