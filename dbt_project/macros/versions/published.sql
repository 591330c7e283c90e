{#- A mart as the current publication has it, for comparing with what is being built; no rows where
    nothing was published yet. `columns` maps names to types, for that case. -#}
{% macro published(mart, columns) -%}
    {%- set relation = load_relation(source("marts", mart)) if execute else none -%}
    {%- if relation is none -%}
        select
            {%- for name, type in columns.items() %}
                cast(null as {{ type }}) as {{ name }}{{ "," if not loop.last }}
            {%- endfor %}
        where 1 = 0
    {%- else -%}
        select {%- for name in columns %} {{ name }}{{ "," if not loop.last }} {%- endfor %}
        from {{ relation }}
    {%- endif -%}
{%- endmacro %}
