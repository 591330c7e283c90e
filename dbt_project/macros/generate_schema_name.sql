{#- Schemas are called what they are. A build beside the daily one (target `deadline` or
    `reproduce`) puts its own name before each, so that it never touches what readers rest on. Who reads
    (target `published`) finds the marts where they were published to. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set published = {"candidate": "marts", "candidate_public": "public_release"} -%}
    {%- if target.name == "published" -%}
        {{ published.get(custom_schema_name, custom_schema_name) or target.schema }}
    {%- else -%} {{ schema_prefix() }}{{ custom_schema_name or target.schema }}
    {%- endif -%}
{%- endmacro %}

{% macro schema_prefix() -%}
    {{ "" if target.name == "daily" else target.name ~ "_" }}
{%- endmacro %}
