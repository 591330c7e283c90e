{#- Allow only the role that builds a model, and the login of the pipeline, to read it. For a post-hook. -#}
{% macro keep_to_transform() %}
    {{ return(adapter.dispatch("keep_to_transform", "oic_assurance")()) }}
{% endmacro %}

{% macro default__keep_to_transform() %} {{ return("") }} {% endmacro %}

{#- By default, the gate can read everything that is built. The role of each processing purpose can read
    the staging models of that purpose. -#}
{% macro postgres__keep_to_transform() -%}
    revoke all on {{ this }} from oic_gate, general_processing, law_enforcement_processing
{%- endmacro %}
