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

            -- times
            covers_from,
            covers_to
        from source
    )

select *
from renamed
