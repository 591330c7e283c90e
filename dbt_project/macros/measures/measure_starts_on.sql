{#- The first day that any measure is shown for. -#}
{% macro first_shown_day() -%} cast('2025-01-01' as date) {%- endmacro %}

{#- The first day of a measure: that of its point, or a later one of its own. Before its month, and before the
    first day that any measure is shown for, the measure has no row. -#}
{% macro measure_starts_on(point, measure) -%}
    greatest({{ point }}.starts_on, {{ measure }}.starts_on)
{%- endmacro %}
