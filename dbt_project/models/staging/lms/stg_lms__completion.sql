with
    source as ({{ version_as_at(source("general", "completion"), first_version_stands="never") }}),

    renamed as (
        select
            force_code,
            employee_no,
            course_code,
            module_code,
            module_version,
            status,
            score,
            {{ if_happened("completed_at") }} as completed_at
        from source
    )

select *
from renamed
