with
    source as ({{ snapshot_versions(source("general", "org_unit")) }}),

    renamed as (
        select
            force_code,
            org_unit_code,
            org_unit_name,
            {{ blank_to_null("parent_org_unit_code") }} as parent_org_unit_code,
            kind,
            valid_from,
            valid_to
        from source
    )

select *
from renamed
