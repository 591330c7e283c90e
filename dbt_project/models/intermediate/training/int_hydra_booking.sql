with
    final as (
        select
            attendance.force_code, attendance.employee_no, min(session.session_date) as booked_for
        from {{ ref("stg_hydra__attendance") }} as attendance
        inner join
            {{ ref("stg_hydra__session") }} as session
            on attendance.force_code = session.force_code
            and attendance.session_code = session.session_code
        cross join {{ ref("stg_audit__build") }} as build
        where session.session_date >= build.as_at_day
        group by attendance.force_code, attendance.employee_no
    )

select *
from final
