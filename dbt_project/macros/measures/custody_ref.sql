{#- Reference of an immigration detention in the list of exceptions: its occurrence, or its custody
    record if it has no occurrence. -#}
{% macro custody_ref(custody) -%}
    coalesce(
        {{ custody }}.occurrence_ref,
        'custody ' || cast({{ custody }}.custody_id as {{ dbt.type_string() }})
    )
{%- endmacro %}
