{#- A query for a mart of the compared publication, even if that publication is no longer current.
    If there is no compared publication, the query returns no rows. `columns` maps the names of the
    columns to their types. -#}
{% macro compared_mart(mart, columns) -%}
    {{- after_build() -}}
    {%- set relation = namespace(found=none) -%}
    {%- if execute -%}
        {%- set build -%}
            select compared_with
            from {{ source("audit", "build") }}
            where schema_prefix = '{{ build_prefix() }}'
            order by build_id desc
            limit 1
        {%- endset -%}
        {%- for (publication_id,) in run_query(build) if publication_id is not none -%}
            {%- set relation.found = load_relation(
                api.Relation.create(
                    database=source("audit", "build").database,
                    schema="generation",
                    identifier=mart ~ "__" ~ publication_id,
                )
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if relation.found is none -%}
        select
            {%- for name, type in columns.items() %}
                cast(null as {{ type_of(type) }}) as {{ name }}{{ "," if not loop.last }}
            {%- endfor %}
        where 1 = 0
    {%- else -%}
        select {%- for name in columns %} {{ name }}{{ "," if not loop.last }} {%- endfor %}
        from {{ relation.found }}
    {%- endif -%}
{%- endmacro %}
