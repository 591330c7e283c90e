{#- Schemas are called what they are. A build beside the daily one (target `deadline` or
    `reproduce`) puts its own name before each, so that it never touches what readers rest on. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ schema_prefix() }}{{ custom_schema_name or target.schema }}
{%- endmacro %}

{% macro schema_prefix() -%}
    {{ "" if target.name == "daily" else target.name ~ "_" }}
{%- endmacro %}
