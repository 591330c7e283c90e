with
    personnel as (select * from {{ ref("stg_hr__personnel") }}),

    held_in_post as (
        select
            force_code,
            collar_no,
            employee_no,
            org_unit_code,
            greatest(valid_from, start_date) as held_from,
            least(valid_to, {{ add_days("leave_date", 1) }}) as held_to
        from personnel
        where collar_no is not null and start_date is not null
    ),

    final as (select * from held_in_post where held_from < held_to)

select *
from final
