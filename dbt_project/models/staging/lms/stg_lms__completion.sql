with
    source as ({{ version_as_at(source("general", "completion"), first_version_stands="never") }}),

    renamed as (
        select
            -- ids
            force_code,
            employee_no,

            -- text
            course_code,
            module_code,
            module_version,
            status,

            -- numbers
            score,

            -- times
            {{ if_happened("completed_at") }} as completed_at
        from source
    )

select *
from renamed
