{#- A query for the officers with a training record that the compared publication did not know: force_code,
    item_code and employee_no. The record was landed later, or is in a file of a later day. A place in a Hydra
    session counts as a record only when its result is recorded. It reads the CTE `comparison`. -#}
{% macro new_training_records() -%}
    with
        -- The places in Hydra sessions whose result the compared publication knew. Not attending
        -- a session that is over is a result too.
        known_result as (
            select known.force_code, known.row_key
            from {{ source("general", "hydra_attendance") }} as known
            inner join
                comparison
                on known.batch_id <= comparison.known_batch_id
                and known.version_at <= comparison.as_at
            where
                known.outcome is not null
                or known.attended = 'N'
                and exists (
                    select 1
                    from {{ source("general", "hydra_session") }} as session
                    where
                        session.force_code = known.force_code
                        and session.session_code = known.session_code
                        and session.session_date < comparison.as_at_day
                )
        )

    select completion.force_code, item.item_code, completion.employee_no
    from {{ source("general", "completion") }} as completion
    inner join
        ({{ _items_and_packages() }}) as item on completion.module_code = item.requirement_code
    inner join
        comparison
        on completion.batch_id > comparison.known_batch_id
        or completion.version_at > comparison.as_at
    where
        not exists (
            select 1
            from {{ source("general", "completion") }} as known
            where
                known.force_code = completion.force_code
                and known.row_key = completion.row_key
                and known.batch_id <= comparison.known_batch_id
                and known.version_at <= comparison.as_at
        )
    union
    select attendance.force_code, item.requirement_code, attendance.employee_no
    from {{ source("general", "hydra_attendance") }} as attendance
    inner join
        (
            select distinct requirement_code
            from {{ ref("policy_training_item") }}
            where booked_by = 'session'
        ) as item
        on true
    inner join
        comparison
        on attendance.batch_id > comparison.known_batch_id
        or attendance.version_at > comparison.as_at
    where
        not exists (
            select 1
            from known_result
            where
                known_result.force_code = attendance.force_code
                and known_result.row_key = attendance.row_key
        )
{%- endmacro %}
