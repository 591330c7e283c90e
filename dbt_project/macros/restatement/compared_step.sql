{#- A query for an intermediate table of the compared publication. The column `rules` names the
    rules under which a row was computed. `today` means today's rules, applied to the records that
    were known to the publication. `earlier` means the rules with which the publication was built.
    Rows with `earlier` exist only if the rules have changed since. If neither table exists, the
    query returns no rows. A column that a table does not have is blank.

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
                {{ name if name in known else "cast(null as " ~ type_of(type) ~ ") as " ~ name }}
                {{- "," if not loop.last }}
            {%- endfor %}
        from {{ relation }} {{ "union all" if not loop.last }}
    {%- else %}
        select
            cast(null as {{ dbt.type_string() }}) as rules,
            {%- for name, type in columns.items() %}
                cast(null as {{ type_of(type) }}) as {{ name }}{{ "," if not loop.last }}
            {%- endfor %}
        where 1 = 0
    {%- endfor -%}
{%- endmacro %}


{#- Make dbt replace this model after stg_audit__build, and not at the same time. Dropping either one
    also drops the models that depend on both, so two drops at the same time could deadlock. -#}
{% macro after_build() -%} {%- do ref("stg_audit__build") -%} {%- endmacro %}
