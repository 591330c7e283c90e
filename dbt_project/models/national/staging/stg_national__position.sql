with
    source as (
        {{ version_as_at(source("national", "force_position"), first_version_stands="never") }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            reporting_force_code,
            publication_id as force_publication_id,
            point_code,

            -- text
            status,
            source_status,
            target_unit,
            caveat as force_caveat,

            -- numbers
            numerator,
            denominator,
            cast(value as {{ dbt.type_float() }}) as value,
            cast(target as {{ dbt.type_float() }}) as target,

            -- booleans
            policy_confirmed,

            -- times
            deadline
        from source
        where {{ is_not_withdrawn("source") }}
    )

select *
from renamed
