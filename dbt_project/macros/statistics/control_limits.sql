{#- The fewest months from which control limits are computed. -#}
{% macro months_for_limits() -%} 12 {%- endmacro %}

{#- Whether `difference` (a value less the centre, or less another value) is larger than `reach`: 1 if it
    is larger and positive, -1 if it is larger and negative, 0 if it is not larger. Two ways to
    compute the same share can differ in the last bits, so a difference that exceeds `reach` by up
    to 1e-9 is not larger. -#}
{% macro direction_beyond(difference, reach) -%}
    case
        when {{ difference }} > {{ reach }} + 1e-9
        then 1
        when {{ difference }} < - ({{ reach }}) - 1e-9
        then -1
        else 0
    end
{%- endmacro %}

{#- The standard deviation of a share of `denominator` independent cases, if each case counts with the
    probability `share`. Null if the denominator is zero. -#}
{% macro binomial_deviation(share, denominator) -%}
    sqrt({{ share }} * (1 - {{ share }}) / nullif({{ denominator }}, 0))
{%- endmacro %}
