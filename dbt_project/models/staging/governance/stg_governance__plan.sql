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
            version,

            -- booleans
            owner_role as has_owner,
            evidence_ref as has_evidence,

            -- times
            case
                when approved_date <= {{ london_day("as_at") }} then approved_date
            end as approved_on,
            review_due_date as review_due_on
        from source
    )

select *
from renamed
