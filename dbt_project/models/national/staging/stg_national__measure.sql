with
    source as (
        {{ version_as_at(source("national", "force_measure"), first_version_stands="never") }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            reporting_force_code,
            measure_code,

            -- numbers
            numerator,
            denominator,
            cast(value as {{ dbt.type_float() }}) as value,

            -- booleans
            is_complete_period,

            -- times
            period_start
        from source
        where {{ is_not_withdrawn("source") }}
    )

select *
from renamed
