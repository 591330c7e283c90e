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
        select force_code, point_code, party, status, event_at, row_number as place_in_log
        from source
        where event_at <= as_at
    )

select *
from renamed
