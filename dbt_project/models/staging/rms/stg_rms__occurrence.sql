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
            force_code,
            occurrence_id,
            occurrence_ref,
            incident_type_code,
            {{ blank_to_null("offence_code") }} as offence_code,
            detection_route,
            district_code,
            status,
            is_oic,
            is_deleted,
            persons_count,
            occurred_at,
            reported_at
        from source
        where reported_at <= as_at
    )

select *
from renamed
