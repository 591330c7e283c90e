{#- The reference of an immigration detention in the list of exceptions: its occurrence or, if it has none,
    its custody record. -#}
{% macro custody_ref(custody) -%}
    coalesce(
        {{ custody }}.occurrence_ref,
        'custody ' || cast({{ custody }}.custody_id as {{ dbt.type_string() }})
    )
{%- endmacro %}
