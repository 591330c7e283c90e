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
            force_code,
            product_id,
            product_type,
            is_oic,
            covers_from,
            covers_to,
            {{ if_happened("approved_at") }} as approved_at
        from source
    )

select *
from renamed
