{{ config(materialized="view") }}

with
    person as (select * from {{ ref("restated__officer") }}),

    days as (select distinct force_code, employee_no, day from person),

    personnel as (
        {{
            versions_of(
                source("general", "personnel"),
                "select force_code, employee_no as key from person",
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
                days_of="employee_no",
            )
        }}
    ),

    final as (
        select
            person.force_code,
            person.measure_code,
            person.period_start,
            'person' as record_kind,
            person.employee_no as record_ref,
            3 - person.completion_nearness as nearness,
            'hr/personnel' as dataset,
            change.record_ref as source_ref,
            change.cause
        from person
        inner join
            personnel_change as change
            on person.force_code = change.force_code
            and person.employee_no = change.record_ref
            and person.day = change.day
        where change.cause is not null
    )

select *
from final
