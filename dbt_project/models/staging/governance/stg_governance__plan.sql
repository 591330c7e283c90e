with
    source as (
        {{ version_as_at(source("general", "plan"), first_version_stands="first_delivery") }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            plan_ref,

            -- text
            strand,
            {{ blank_to_null("owner_role") }} as owner_role,
            version,
            {{ blank_to_null("evidence_ref") }} as evidence_ref,

            -- times
            case
                when approved_date <= {{ london_day("as_at") }} then approved_date
            end as approved_on,
            review_due_date as review_due_on
        from source
    )

select *
from renamed
