{#- A number with its noun, such as "1 row" or "24 rows". -#}
{% macro counted(number, one, many) -%}
    {{ as_text(number) }} || case when {{ number }} = 1 then ' {{ one }}' else ' {{ many }}' end
{%- endmacro %}
