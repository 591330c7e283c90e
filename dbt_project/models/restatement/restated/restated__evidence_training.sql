{{ config(materialized="view") }}

with
    person as (select * from {{ ref("restated__officer") }}),

    item as (
        select distinct
            measure.measure_code,
            item.point_code,
            item.requirement_code,
            item.module_version,
            item.launched_on
        from {{ ref("policy_measure") }} as measure
        inner join
            {{ ref("policy_training_item") }} as item
            on measure.point_code = item.point_code
            and (
                item.module_measure_code = measure.measure_code
                or measure.measure_code not like 'elearning_module_%'
            )
    ),

    completion as (
        {{
            versions_of(
                source("general", "completion"),
                "select force_code, employee_no as key from person",
                "employee_no",
            )
        }}
    ),

    attendance as (
        {{
            versions_of(
                source("general", "hydra_attendance"),
                "select force_code, employee_no as key from person",
                "employee_no",
            )
        }}
    ),

    session as (
        {{
            versions_of(
                source("general", "hydra_session"),
                "select force_code, session_code as key from attendance",
                "session_code",
            )
        }}
    ),

    completion_change as (
        {{
            record_change(
                "completion",
                source("general", "completion"),
                "row_key",
                ["completed_at"],
                "never",
                counts="status = 'COMPLETED' and completed_at <= as_at",
                carry=["employee_no", "module_code", "module_version", "completed_at"],
            )
        }}
    ),

    attendance_change as (
        {{
            record_change(
                "attendance",
                source("general", "hydra_attendance"),
                "row_key",
                ["attended", "outcome"],
                "first_delivery",
                carry=["employee_no", "session_code"],
            )
        }}
    ),

    session_change as (
        {{
            record_change(
                "session",
                source("general", "hydra_session"),
                "session_code",
                ["session_date"],
                "first_delivery",
            )
        }}
    ),

    changed_attendance as (
        select distinct
            force_code,
            coalesce(employee_no_after, employee_no_before) as employee_no,
            coalesce(session_code_after, session_code_before) as session_code,
            record_ref,
            cause
        from attendance_change
    ),

    possible_cause as (
        select
            force_code,
            coalesce(employee_no_after, employee_no_before) as employee_no,
            coalesce(module_code_after, module_code_before) as requirement_code,
            coalesce(module_version_after, module_version_before) as module_version,
            {{ london_day("coalesce(completed_at_after, completed_at_before)") }} as completed_on,
            'lms/completions' as dataset,
            record_ref,
            cause
        from completion_change
        union all
        select
            force_code,
            employee_no,
            'HYDRA',
            cast(null as {{ dbt.type_string() }}),
            cast(null as date),
            'hydra/attendance',
            record_ref,
            cause
        from changed_attendance
        union all
        select
            changed_attendance.force_code,
            changed_attendance.employee_no,
            'HYDRA',
            null,
            null,
            'hydra/attendance',
            change.record_ref,
            change.cause
        from changed_attendance
        inner join
            session_change as change
            on changed_attendance.force_code = change.force_code
            and changed_attendance.session_code = change.record_ref
    ),

    final as (
        select distinct
            person.force_code,
            person.measure_code,
            person.period_start,
            'person' as record_kind,
            person.employee_no as record_ref,
            person.completion_nearness as nearness,
            possible_cause.dataset,
            possible_cause.record_ref as source_ref,
            possible_cause.cause
        from person
        inner join item on person.measure_code = item.measure_code
        inner join
            possible_cause
            on person.force_code = possible_cause.force_code
            and person.employee_no = possible_cause.employee_no
            and item.requirement_code = possible_cause.requirement_code
            and coalesce(item.module_version, '') = coalesce(possible_cause.module_version, '')
            and coalesce(possible_cause.completed_on, person.day)
            between item.launched_on and person.day
        where possible_cause.cause is not null
    )

select *
from final
