{#- Byar's interval at 95% (z = 1.959964) for a count of independent events: the two counts between
    which the long-run average lies. For a count of 1 or more, the ends are within a tenth of the exact
    interval. -#}
{% macro poisson_low(count) -%}
    {%- set n = "cast(" ~ count ~ " as " ~ dbt.type_float() ~ ")" -%}
    case
        when {{ count }} > 0
        then {{ n }} * power(greatest(1 - 1 / (9 * {{ n }}) - 1.959964 / (3 * sqrt({{ n }})), 0), 3)
        else 0
    end
{%- endmacro %}

{% macro poisson_high(count) -%}
    {%- set n = "(cast(" ~ count ~ " as " ~ dbt.type_float() ~ ") + 1)" -%}
    {{ n }} * power(1 - 1 / (9 * {{ n }}) + 1.959964 / (3 * sqrt({{ n }})), 3)
{%- endmacro %}
