{#- The rows of a raw table without the records of open recalls. The marking of these records has
    risen above the ceiling, and they wait to be erased. The condition tests membership instead of
    using a join, so that the database can still read the versions in the order of their index.

    relation: a raw table with a ceiling of markings. table_name: its name. -#}
{% macro without_recalled(relation, table_name) -%}
    (
        select version.*
        from {{ relation }} as version
        where
            (version.force_code, version.row_key) not in (
                select recalled.force_code, recalled.row_key
                from {{ source("audit", "recalled_record") }} as recalled
                where recalled.table_name = '{{ table_name }}'
            )
    )
{%- endmacro %}
