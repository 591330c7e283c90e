with
    source as (
        {{ version_as_at(
            source("general", "hydra_attendance"), ["session_code", "employee_no"], first_version_stands="always"
        ) }}
    ),

    renamed as (
        select
            force_code,
            session_code,
            employee_no,
            outcome,
            attended = 'Y' as has_attended
        from source
    )

select *
from renamed
