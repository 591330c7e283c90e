with
    source as (
        {{ version_as_at(source("national", "force_publication"), first_version_stands="never") }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            reporting_force_code,
            publication_id as force_publication_id,

            -- text
            gate_verdict as force_verdict,
            content_fingerprint as force_fingerprint,

            -- booleans
            is_current,
            is_withdrawn,

            -- times
            figures_as_at as force_as_at,
            published_at as force_published_at,
            version_at as reported_at
        from source
        where {{ is_not_withdrawn("source") }}
    )

select *
from renamed
