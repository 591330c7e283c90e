with
    source as (
        {{ version_as_at(source("national", "force_freshness"), first_version_stands="never") }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            reporting_force_code,
            source_dataset,

            -- text
            verdict,

            -- times
            last_record_at,
            due_by
        from source
        where {{ is_not_withdrawn("source") }}
    )

select *
from renamed
