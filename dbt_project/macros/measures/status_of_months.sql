{#- Whether the last three complete months are all at 100%, and whether they are lower than the three before
    them. Both read the sums recent_months, recent_numerator, recent_denominator, earlier_numerator and
    earlier_denominator. -#}
{% macro is_sustained_by_months() -%}
    recent_months = 3 and recent_numerator = recent_denominator
{%- endmacro %}

{% macro is_slipping_by_months() -%}
    coalesce(
        {{ share("recent_numerator", "recent_denominator") }}
        < {{ share("earlier_numerator", "earlier_denominator") }},
        false
    )
{%- endmacro %}
