with
    source as (select * from {{ source("audit", "deadline_position") }}),

    renamed as (
        select force_code, point_code, {{ london_day("as_at") }} as deadline, value, status
        from source
    )

select *
from renamed
