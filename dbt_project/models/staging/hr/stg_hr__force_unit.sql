with
    source as ({{ snapshot_versions(source("general", "org_unit")) }}),

    renamed as (
        -- ids
        select distinct force_code, org_unit_code as source_unit_code
        from source
        where kind = 'FORCE'
    )

select *
from renamed
