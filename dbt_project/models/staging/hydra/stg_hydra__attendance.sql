with
    source as (
        {{
            version_as_at(
                source("general", "hydra_attendance"),
                first_version_stands="first_delivery",
            )
        }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            session_code,
            employee_no,

            -- text
            outcome,

            -- booleans
            attended = 'Y' as has_attended
        from source
    )

select *
from renamed
