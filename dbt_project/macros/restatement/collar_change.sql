{#- Find the changed rows of the personnel file for given collar numbers and days. The result is a
    list of CTEs. The last CTE, `<numbered>_change`, has one row per record in `numbered` and
    changed row of the personnel file: force_code, the column `named`, source_ref, cause.

    numbered: the name of a CTE with force_code, collar_no, day and the column `named`.
    named: the column with the reference of the record in which the collar number occurs. -#}
{% macro collar_change(numbered, named) -%}
    {{ numbered }}_day as (
        select distinct force_code, day from {{ numbered }} where day is not null
    ),

    {{ numbered }}_personnel as (
        {{
            versions_of(
                source("general", "personnel"),
                "select force_code, collar_no as key from " ~ numbered,
                "collar_no",
            )
        }}
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
