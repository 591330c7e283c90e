{#- A continuous percentile of a measure over the rows of a group; `where` leaves rows out. -#}
{% macro percentile(measure, share, where) -%}
    percentile_cont({{ share }}) within group (order by {{ measure }}) filter (where {{ where }})
{%- endmacro %}
