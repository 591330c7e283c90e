with
    source as (
        {{
            version_as_at(
                source("law_enforcement", "dissemination"),
                first_version_stands="if_created",
                deleted="left_out",
            )
        }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            dissemination_id,
            report_urn,

            -- text
            recipient_agency,

            -- times
            shared_at
        from source
        where shared_at <= as_at
    )

select *
from renamed
