{#- A share as a text such as "93.5%". Null if the share is null. -#}
{% macro as_percent(value) -%}
    (cast(round({{ as_decimal("100 * " ~ value) }}, 1) as {{ dbt.type_string() }}) || '%')
{%- endmacro %}
