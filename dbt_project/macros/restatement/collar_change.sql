{#- Find the changed rows of the personnel file for given collar numbers and days. The result is a
    list of CTEs. The last CTE, `<numbered>_change`, has one row per record in `numbered` and
    changed row of the personnel file: force_code, the column `named`, source_ref, cause.

    numbered: the name of a CTE with force_code, collar_no, day and the column `named`.
    named: the column with the reference of the record in which the collar number occurs. -#}
{% macro collar_change(numbered, named) -%}
    {{ numbered }}_personnel as (
        {{
            versions_of(
                source("general", "personnel"),
                "select force_code, collar_no as key from " ~ numbered,
                "collar_no",
            )
        }}
    ),

    -- Only who had the number at some time, on the days that the number is wanted for.
    {{ numbered }}_day as (
        select distinct numbered.force_code, personnel.employee_no, numbered.day
        from {{ numbered }} as numbered
        inner join
            {{ numbered }}_personnel as personnel
            on numbered.force_code = personnel.force_code
            and numbered.collar_no = personnel.collar_no
        where numbered.day is not null
    ),

    {{ numbered }}_person as (
        {{
            snapshot_change(
                numbered ~ "_personnel",
                source("general", "personnel"),
                numbered ~ "_day",
                "employee_no",
                ["collar_no", "org_unit_code", "start_date", "leave_date"],
                carry=["collar_no"],
                days_of="employee_no",
            )
        }}
    ),

    {{ numbered }}_change as (
        select
            numbered.force_code, numbered.{{ named }}, change.record_ref as source_ref, change.cause
        from {{ numbered }} as numbered
        inner join
            ({{ changes_by(numbered ~ "_person", "collar_no", by=["day"]) }}) as change
            on numbered.force_code = change.force_code
            and numbered.day = change.day
            and numbered.collar_no = change.key
    )
{%- endmacro %}
