with
    source as (
        {{
            version_as_at(
                source("general", "hydra_session"),
                first_version_stands="first_delivery",
            )
        }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            session_code,

            -- numbers
            capacity,

            -- times
            session_date
        from source
    )

select *
from renamed
