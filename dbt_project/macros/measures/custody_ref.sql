{#- What an immigration detention is called on the list: its occurrence or, without one, its record. -#}
{% macro custody_ref(custody) -%}
    coalesce(
        {{ custody }}.occurrence_ref,
        'custody ' || cast({{ custody }}.custody_id as {{ dbt.type_string() }})
    )
{%- endmacro %}
