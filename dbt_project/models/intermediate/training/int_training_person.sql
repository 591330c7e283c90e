with
    requirement as (
        select * from {{ ref("int_training_requirement") }} where in_post_from < in_post_to
    ),

    final as (
        select
            force_code,
            employee_no,
            point_code,
            org_unit_code,
            is_long_term_absent,
            in_post_from,
            in_post_to,
            case when count(*) = count(completed_on) then max(completed_on) end as completed_on
        from requirement
        group by
            force_code,
            employee_no,
            point_code,
            org_unit_code,
            is_long_term_absent,
            in_post_from,
            in_post_to
    )

select *
from final
