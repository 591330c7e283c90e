{#- The code of a unit in the warehouse: `ALL` for the unit that the org-unit file lists as the whole
    force, and otherwise the code in the source. -#}
{% macro unit_code(source_code) -%}
    case
        when
            (force_code, {{ source_code }})
            in (select force_code, source_unit_code from {{ ref("stg_hr__force_unit") }})
        then 'ALL'
        else {{ source_code }}
    end
{%- endmacro %}
