with
    module_completion as (
        select
            completion.force_code,
            completion.employee_no,
            item.requirement_code,
            item.module_version,
            item.launched_on,
            min({{ london_day("completion.completed_at") }}) as completed_on
        from {{ ref("stg_lms__completion") }} as completion
        inner join
            {{ ref("policy_training_item") }} as item
            on completion.module_code = item.requirement_code
            and completion.module_version = item.module_version
            and {{ london_day("completion.completed_at") }} >= item.launched_on
        where completion.status = 'COMPLETED' and item.module_version is not null
        group by
            completion.force_code,
            completion.employee_no,
            item.requirement_code,
            item.module_version,
            item.launched_on
    ),

    hydra_pass as (
        select
            attendance.force_code, attendance.employee_no, min(session.session_date) as completed_on
        from {{ ref("stg_hydra__attendance") }} as attendance
        inner join
            {{ ref("stg_hydra__session") }} as session
            on attendance.force_code = session.force_code
            and attendance.session_code = session.session_code
        cross join {{ ref("stg_audit__build") }} as build
        where
            attendance.has_attended
            and attendance.outcome = 'PASS'
            and session.session_date <= build.as_at_day
        group by attendance.force_code, attendance.employee_no
    ),

    final as (
        select force_code, employee_no, requirement_code, module_version, launched_on, completed_on
        from module_completion
        union all
        select
            hydra_pass.force_code,
            hydra_pass.employee_no,
            item.requirement_code,
            item.module_version,
            item.launched_on,
            hydra_pass.completed_on
        from hydra_pass
        inner join
            (
                select distinct requirement_code, module_version, launched_on
                from {{ ref("policy_training_item") }}
                where booked_by = 'session'
            ) as item
            on true
    )

select *
from final
