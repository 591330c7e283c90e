{#- The datasets of which each delivery lists every record, as literals of SQL. Their declarations say so, and
    the sources are generated from these. -#}
{% macro full_lists() -%}
    {%- set full = [] -%}
    {%- if execute -%}
        {%- for source in graph.get("sources", {}).values() if source.meta.get("delivery") == "full" -%}
            {%- do full.append(dbt.string_literal(source.meta.dataset)) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ full | unique | sort | join(", ") or "null" }}
{%- endmacro %}
