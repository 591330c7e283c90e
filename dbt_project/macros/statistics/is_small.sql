{#- Whether a share would show a number of people under the threshold: the count itself or the rest. -#}
{% macro is_small(numerator, denominator, smallest) -%}
    (
        ({{ numerator }} > 0 and {{ numerator }} < {{ smallest }})
        or (
            {{ denominator }} - {{ numerator }} > 0
            and {{ denominator }} - {{ numerator }} < {{ smallest }}
        )
    )
{%- endmacro %}
