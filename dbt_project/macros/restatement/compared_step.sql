{#- An intermediate table of the publication that the build is compared with. The column `rules` says by
    which rules a row was computed: `today` for the rules of today, applied to the records that were known
    then, or `earlier` for the rules of that time, only if the rules have changed since. No rows if no
    table is there. A column that older rules did not have is blank.

    step: a table in the sources `compared_with` and `compared_with_old_rules`.
    columns: the names of the columns, with their types. -#}
{% macro compared_step(step, columns) -%}
    {{- after_build() -}}
    {%- set editions = [] -%}
    {%- for place, rules in [
        ("compared_with", "today"),
        ("compared_with_old_rules", "earlier"),
    ] if execute -%}
        {%- set relation = load_relation(source(place, step)) -%}
        {%- if relation is not none -%}
            {%- set known = (
                adapter.get_columns_in_relation(relation) | map(attribute="name") | list
            ) -%}
            {%- do editions.append((relation, rules, known)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for relation, rules, known in editions %}
        select
            '{{ rules }}' as rules,
            {%- for name, type in columns.items() %}
                {{ name if name in known else "cast(null as " ~ type ~ ") as " ~ name }}
                {{- "," if not loop.last }}
            {%- endfor %}
        from {{ relation }} {{ "union all" if not loop.last }}
    {%- else %}
        select
            cast(null as {{ dbt.type_string() }}) as rules,
            {%- for name, type in columns.items() %}
                cast(null as {{ type }}) as {{ name }}{{ "," if not loop.last }}
            {%- endfor %}
        where 1 = 0
    {%- endfor -%}
{%- endmacro %}


{#- Makes dbt replace the model after stg_audit__build, and not at the same time. Each drop takes the models
    with it that depend on both, so two drops at once could deadlock. -#}
{% macro after_build() -%} {%- do ref("stg_audit__build") -%} {%- endmacro %}
