with
    final as (
        select
            exception.force_code,
            md5(
                exception.exception_code
                || '|'
                || exception.record_ref
                || '|'
                || coalesce(exception.officer_key, '')
            ) as exception_key,
            exception.exception_code,
            exception.point_code,
            exception.record_ref,
            exception.org_unit_code,
            exception.officer_key,
            exception.opened_at,
            cast(exception.age_days as integer) as age_days,
            exception.age_band,
            build.publication_id
        from {{ ref("int_exception") }} as exception
        cross join {{ ref("stg_audit__build") }} as build
    )

select *
from final
