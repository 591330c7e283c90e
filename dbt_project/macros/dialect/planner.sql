{#- What the planner is told before a model is built. A table of a build has no statistics yet, and the
    latest versions of records are guessed to be a handful: PostgreSQL would look each of them up by
    reading the other side again, which takes minutes where a hash join takes a blink. -#}
{% macro join_by_hash() %}
    {{ return(adapter.dispatch("join_by_hash", "oic_assurance")()) }}
{% endmacro %}

{% macro postgres__join_by_hash() -%} set local enable_nestloop = off {%- endmacro %}

{% macro default__join_by_hash() -%} {%- endmacro %}
