with
    source as ({{ snapshot_versions(source("general", "org_unit")) }}),

    renamed as (
        select
            -- ids
            force_code,
            {{ unit_code("org_unit_code") }} as org_unit_code,
            org_unit_code as source_unit_code,
            {{ unit_code(blank_to_null("parent_org_unit_code")) }} as parent_org_unit_code,

            -- text
            org_unit_name,
            kind,

            -- times
            valid_from,
            valid_to
        from source
    )

select *
from renamed
