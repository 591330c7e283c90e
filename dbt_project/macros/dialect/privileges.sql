{#- A post-hook: only the role that builds a model and the pipeline's login may read it. -#}
{% macro keep_to_transform() %}
    {{ return(adapter.dispatch("keep_to_transform", "oic_assurance")()) }}
{% endmacro %}

{% macro default__keep_to_transform() %} {{ return("") }} {% endmacro %}

{#- The rights that are revoked here are default privileges: the gate's role, and a person who looks
    around, can read every model. The role of each processing purpose can read the staging models of
    that purpose. -#}
{% macro postgres__keep_to_transform() -%}
    revoke all
    on {{ this }}
    from oic_gate, assurance_looker, general_processing, law_enforcement_processing
{%- endmacro %}
