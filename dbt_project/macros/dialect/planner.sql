{#- Let PostgreSQL use only hash joins before a model is built. A new table has no statistics yet, so the
    planner expects only a few rows from a query for the latest versions of records. It would use a
    nested loop, which reads the other table of the join once for each record, or merge two tables
    by a column that hardly differs, such as the force, and compare each row with each row. Both
    take minutes, and a hash join takes only a moment. -#}
{% macro join_by_hash() %}
    {{ return(adapter.dispatch("join_by_hash", "oic_assurance")()) }}
{% endmacro %}

{% macro postgres__join_by_hash() -%}
    set local enable_nestloop = off
    ;
    set local enable_mergejoin = off
{%- endmacro %}

{% macro default__join_by_hash() -%} {%- endmacro %}

{#- Gather statistics of a table directly after it is built. Without them, PostgreSQL takes a guess at
    how many rows of a query differ, and sorts or compares far too many rows if most records of a
    long history have changed. -#}
{% macro gather_statistics() %}
    {{ return(adapter.dispatch("gather_statistics", "oic_assurance")()) }}
{% endmacro %}

{% macro postgres__gather_statistics() -%}
    {%- if model.config.materialized == "table" %} analyze {{ this }} {% endif -%}
{%- endmacro %}

{% macro default__gather_statistics() -%} {%- endmacro %}
