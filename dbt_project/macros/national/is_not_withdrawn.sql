{#- Whether the force of a row still belongs to the national view. -#}
{% macro is_not_withdrawn(row) -%}
    {{ row }}.reporting_force_code
    not in (select gone.reporting_force_code from {{ ref("stg_national__withdrawn") }} as gone)
{%- endmacro %}
