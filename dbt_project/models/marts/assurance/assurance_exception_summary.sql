with
    final as (
        select
            exception.force_code,
            exception.exception_code,
            exception.point_code,
            exception.org_unit_code,
            exception.age_band,
            count(*) as exceptions,
            max(exception.age_days) as oldest_age_days,
            exception.publication_id
        from {{ ref("assurance_exception") }} as exception
        group by
            exception.force_code,
            exception.exception_code,
            exception.point_code,
            exception.org_unit_code,
            exception.age_band,
            exception.publication_id
    )

select *
from final
