{{ config(post_hook="{{ keep_to_transform() }}") }}

with
    source as (select * from {{ source("identity", "pseudonym") }}),

    renamed as (
        select
            -- ids
            force_code,
            officer_key,
            identifier,

            -- booleans
            kind = 'employee_no' as is_person
        from source
    )

select *
from renamed
