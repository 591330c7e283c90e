with
    exception as (
        select
            *,
            case
                when officer_key is not null
                then
                    row_number() over (
                        partition by force_code, exception_code, point_code, officer_key
                        order by opened_at, exception_key
                    )
            end as place_of_officer
        from {{ ref("assurance_exception") }}
    ),

    final as (
        select
            force_code,
            exception_code,
            point_code,
            org_unit_code,
            age_band,
            count(*) as exceptions,
            count(case when place_of_officer = 1 then 1 end) as people,
            max(age_days) as oldest_age_days,
            publication_id
        from exception
        group by force_code, exception_code, point_code, org_unit_code, age_band, publication_id
    )

select *
from final
