{#- After a model is built: nobody but who builds it, and the pipeline's login, may read it. -#}
{% macro keep_to_transform() %}
    {{ return(adapter.dispatch("keep_to_transform", "oic_assurance")()) }}
{% endmacro %}

{% macro default__keep_to_transform() %} {{ return("") }} {% endmacro %}

{#- The warehouse's default privileges open what is built to the gate, and staging to its purpose. -#}
{% macro postgres__keep_to_transform() -%}
    revoke all on {{ this }} from oic_gate, general_processing, law_enforcement_processing
{%- endmacro %}
