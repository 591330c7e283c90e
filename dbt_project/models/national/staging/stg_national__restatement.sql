with
    source as (
        {{ version_as_at(source("national", "force_restatement"), first_version_stands="never") }}
    ),

    renamed as (
        select
            -- ids
            force_code,
            reporting_force_code,
            publication_id as force_publication_id,
            measure_code,

            -- text
            cause,

            -- numbers
            step,
            cast(value_before as {{ dbt.type_float() }}) as value_before,
            cast(value_after as {{ dbt.type_float() }}) as value_after,
            cast(value_change as {{ dbt.type_float() }}) as value_change,

            -- times
            period_start
        from source
        where {{ is_not_withdrawn("source") }}
    )

select *
from renamed
