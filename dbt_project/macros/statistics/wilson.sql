{#- Wilson's interval at 95% (z = 1.959964) for the share `numerator` / `denominator`. Null if the
    denominator is zero. The ends are limited to 0 and 1, because a rounding error in the last digit
    could exceed these limits. -#}
{% macro wilson_low(numerator, denominator) -%}
    {{ _wilson(numerator, denominator, "-") }}
{%- endmacro %}

{% macro wilson_high(numerator, denominator) -%}
    {{ _wilson(numerator, denominator, "+") }}
{%- endmacro %}

{% macro _wilson(numerator, denominator, sign) -%}
    {%- set double = dbt.type_float() -%}
    {%- set z = "cast(1.959964 as " ~ double ~ ")" -%}
    {%- set n = "cast(" ~ denominator ~ " as " ~ double ~ ")" -%}
    {%- set p = "(cast(" ~ numerator ~ " as " ~ double ~ ") / " ~ n ~ ")" -%}
    case
        when {{ denominator }} > 0
        then
            least(
                1,
                greatest(
                    0,
                    (
                        {{ p }} + {{ z }} * {{ z }} / (2 * {{ n }})
                        {{ sign }} {{ z }} * sqrt(
                            {{ p }} * (1 - {{ p }}) / {{ n }}
                            + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }})
                        )
                    )
                    / (1 + {{ z }} * {{ z }} / {{ n }})
                )
            )
    end
{%- endmacro %}

{#- A share as a double. Null if the denominator is zero. -#}
{% macro share(numerator, denominator) -%}
    cast({{ numerator }} as {{ dbt.type_float() }}) / nullif({{ denominator }}, 0)
{%- endmacro %}
