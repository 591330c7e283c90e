with
    source as (
        {{
            version_as_at(
                source("general", "hydra_session"),
                first_version_stands="first_delivery",
            )
        }}
    ),

    renamed as (select force_code, session_code, venue, capacity, session_date from source)

select *
from renamed
