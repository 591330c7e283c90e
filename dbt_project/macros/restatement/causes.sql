{#- The causes of a restatement, in the order in which they are applied to the earlier figure (decision
    0012). -#}
{% macro causes() -%}
    select 1 as place, 'RULE_CHANGE' as cause
    union all
    select 2, 'DELETED_RECORD'
    union all
    select 3, 'LATE_RECORD'
    union all
    select 4, 'CORRECTED_RECORD'
{%- endmacro %}

{#- A figure as a decimal with 15 places, so that differences add up without rounding. A missing figure
    counts as 0. -#}
{% macro exactly(figure) -%} {{ as_decimal("coalesce(" ~ figure ~ ", 0)", 15) }} {%- endmacro %}
