with
    source as (
        {{
            version_as_at(
                source("general", "plan_milestone"),
                first_version_stands="first_delivery",
            )
        }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            plan_ref,

            -- text
            milestone,

            -- times
            due_date as due_on,
            case
                when completed_date <= {{ london_day("as_at") }} then completed_date
            end as completed_on
        from source
    )

select *
from renamed
