with
    source as (
        {{ version_as_at(source("national", "force_released"), first_version_stands="never") }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            reporting_force_code,
            point_code,
            release_id,

            -- numbers
            numerator,
            denominator,

            -- booleans
            is_suppressed,

            -- times
            figures_from,
            figures_to
        from source
        where {{ is_not_withdrawn("source") }}
    )

select *
from renamed
