{#- The continuous percentile of a measure over the rows of a group for which `where` is true. -#}
{% macro percentile(measure, share, where) -%}
    percentile_cont({{ share }}) within group (order by {{ measure }}) filter (where {{ where }})
{%- endmacro %}
