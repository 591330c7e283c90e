{#- Switch off nested loops before a model is built. A new table has no statistics yet, and the
    planner expects only a few latest versions of records. It would then use a nested loop and read
    the other table of a join once for each record. That takes minutes, a hash join a moment. -#}
{% macro join_by_hash() %}
    {{ return(adapter.dispatch("join_by_hash", "oic_assurance")()) }}
{% endmacro %}

{% macro postgres__join_by_hash() -%} set local enable_nestloop = off {%- endmacro %}

{% macro default__join_by_hash() -%} {%- endmacro %}
