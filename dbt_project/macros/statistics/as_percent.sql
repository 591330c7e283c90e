{#- A share as a text such as "93.5%". Null if the share is null. -#}
{% macro as_percent(value) -%}
    (cast(round(cast(100 * {{ value }} as numeric), 1) as {{ dbt.type_string() }}) || '%')
{%- endmacro %}
