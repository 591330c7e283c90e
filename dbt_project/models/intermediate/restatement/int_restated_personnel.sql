{{ config(materialized="view") }}

with
    officer as (select * from {{ ref("int_restated_officer") }}),

    days as (select distinct force_code, day from officer),

    personnel as (
        {{
            versions_of(
                source("general", "personnel"),
                "select force_code, employee_no as key from officer",
                "employee_no",
            )
        }}
    ),

    personnel_change as (
        {{
            snapshot_change(
                "personnel",
                source("general", "personnel"),
                "days",
                "employee_no",
                ["org_unit_code", "role_code", "absence_status", "start_date", "leave_date"],
            )
        }}
    ),

    final as (
        select
            officer.force_code,
            officer.measure_code,
            officer.period_start,
            'person' as record_kind,
            officer.employee_no as record_ref,
            3 - officer.completion_nearness as nearness,
            'hr/personnel' as dataset,
            change.record_ref as source_ref,
            change.cause
        from officer
        inner join
            personnel_change as change
            on officer.force_code = change.force_code
            and officer.employee_no = change.record_ref
            and officer.day = change.day
        where change.cause is not null
    )

select *
from final
