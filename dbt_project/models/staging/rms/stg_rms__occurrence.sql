with
    source as (
        {{
            version_as_at(
                source("law_enforcement", "occurrence"),
                first_version_stands="if_created",
                deleted="marked",
            )
        }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            occurrence_id,
            occurrence_ref,

            -- text
            incident_type_code,
            detection_route,
            {{ unit_code("district_code") }} as district_code,
            status,

            -- numbers
            persons_count,

            -- booleans
            is_oic,
            is_deleted,

            -- times
            occurred_at,
            reported_at
        from source
        where reported_at <= as_at
    )

select *
from renamed
