with
    source as (
        {{
            version_as_at(
                source("law_enforcement", "product"),
                first_version_stands="if_created",
                deleted="left_out",
            )
        }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            product_id,

            -- text
            product_type,

            -- booleans
            is_oic,

            -- times
            covers_from,
            covers_to,
            {{ if_happened("approved_at") }} as approved_at
        from source
    )

select *
from renamed
