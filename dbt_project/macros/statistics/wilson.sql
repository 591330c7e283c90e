{#- Wilson's interval for the share `numerator` / `denominator`. Null if the denominator is zero. The
    interval is at 95% (z = 1.959964), unless another z is given. The ends are limited to 0 and 1, because
    a rounding error in the last digit could exceed these limits. -#}
{% macro wilson_low(numerator, denominator, z="1.959964") -%}
    {{ _wilson(numerator, denominator, "-", z) }}
{%- endmacro %}

{% macro wilson_high(numerator, denominator, z="1.959964") -%}
    {{ _wilson(numerator, denominator, "+", z) }}
{%- endmacro %}

{% macro _wilson(numerator, denominator, sign, z_value) -%}
    {%- set double = dbt.type_float() -%}
    {%- set z = "cast(" ~ z_value ~ " as " ~ double ~ ")" -%}
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

{#- The lower end of Newcombe's interval for the difference of two shares: the first less the second. It is
    made of the Wilson intervals of the two shares, and so also holds for small numbers (Newcombe 1998, method
    10). Null if a denominator is zero. -#}
{% macro difference_low(
    numerator, denominator, other_numerator, other_denominator, z="1.959964"
) -%}
    {%- set share_1 = "(" ~ share(numerator, denominator) ~ ")" -%}
    {%- set share_2 = "(" ~ share(other_numerator, other_denominator) ~ ")" -%}
    {{ share_1 }}
    - {{ share_2 }}
    - sqrt(
        power({{ share_1 }} - ({{ wilson_low(numerator, denominator, z) }}), 2)
        + power(({{ wilson_high(other_numerator, other_denominator, z) }}) - {{ share_2 }}, 2)
    )
{%- endmacro %}

{#- A share as a double. Null if the denominator is zero. -#}
{% macro share(numerator, denominator) -%}
    cast({{ numerator }} as {{ dbt.type_float() }}) / nullif({{ denominator }}, 0)
{%- endmacro %}
