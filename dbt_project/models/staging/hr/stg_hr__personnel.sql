with
    source as ({{ snapshot_versions(source("general", "personnel")) }}),

    renamed as (
        select
            -- ids
            force_code,
            employee_no,
            {{ blank_to_null("collar_no") }} as collar_no,
            {{ unit_code(blank_to_null("org_unit_code")) }} as org_unit_code,

            -- text
            employment_type,
            rank_grade,
            role_code,
            {{ blank_to_null("absence_status") }} as absence_status,

            -- times
            start_date,
            leave_date,
            valid_from,
            valid_to
        from source
    )

select *
from renamed
