with
    source as (
        {{
            version_as_at(
                source("general", "recommendation_event"),
                first_version_stands="first_delivery",
            )
        }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            point_code,

            -- text
            party,
            status,

            -- numbers
            row_number as place_in_log,

            -- times
            event_at
        from source
        where event_at <= as_at
    )

select *
from renamed
