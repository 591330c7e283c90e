{#- The code of a unit in the warehouse: `ALL` for the unit that the org-unit file lists as the whole
    force, and otherwise the code in the source. -#}
{% macro unit_code(source_code) -%}
    case
        when
            (force_code, {{ source_code }}) in (
                select whole_force.force_code, whole_force.org_unit_code
                from ({{ snapshot_versions(source("general", "org_unit")) }}) as whole_force
                where whole_force.kind = 'FORCE'
            )
        then 'ALL'
        else {{ source_code }}
    end
{%- endmacro %}
