{#- The name of a model's schema, without dbt's default prefix. A build with a purpose other than
    `daily` (such as `deadline` or `reproduce`) puts the name of its purpose before each schema name,
    so it never changes the tables of the daily build. A staging model is in the schema that those may
    read who may read its raw tables. Target `published` reads the marts in the schemas of the current
    publication. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set published = {"candidate": "marts", "candidate_public": "public_release"} -%}
    {%- set name = custom_schema_name -%}
    {%- if name == "staging" -%}
        {%- set is_law_enforcement = "law_enforcement" in node.sources | map("first") -%}
        {%- set name = "staging_law_enforcement" if is_law_enforcement else "staging_general" -%}
    {%- endif -%}
    {%- if target.name == "published" -%} {{ published.get(name, name) or target.schema }}
    {%- else -%} {{ schema_prefix() }}{{ name or target.schema }}
    {%- endif -%}
{%- endmacro %}

{#- The prefix of all schemas of this target: none for the daily build. -#}
{% macro schema_prefix() -%} {{ "" if purpose() == "daily" else purpose() ~ "_" }} {%- endmacro %}

{#- The prefix under which the build whose records this target reads is on record. A person who changes
    a model opens no build, and reads the records of the daily one. -#}
{% macro build_prefix() -%}
    {{ "" if target.name == "development" else schema_prefix() }}
{%- endmacro %}

{#- The purpose of a build on this target. Target `spark` builds for the purpose `daily`, target
    `spark_deadline` for the purpose `deadline`, and so on. -#}
{% macro purpose() -%}
    {{ "daily" if target.name == "spark" else target.name | replace("spark_", "") }}
{%- endmacro %}
