{#- A query that gives each changed record under every key that one of its columns had in the compared
    publication or in this build: force_code, key, record_ref, cause, and the columns in `by`. A
    record with the same key in both gives one row. PostgreSQL finds the rows of a join on `key` by
    a hash. For a join on `key in (before, after)` it would compare every pair of records.

    changes: a relation as `record_change` makes it, with the column in `carry`.
    column: the column to take the keys from. -#}
{% macro changes_by(changes, column, by=[]) -%}
    {%- for version in ["before", "after"] %}
        select
            force_code,
            {{ column }}_{{ version }} as key,
            record_ref,
            {% for further in by %} {{ further }}, {% endfor %}
            cause
        from {{ changes }}
        where
            cause is not null and {{ column }}_{{ version }} is not null
            {{ "union" if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
