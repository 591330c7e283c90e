{#- A share as a text such as "93.5%". Null if the share is null. -#}
{% macro as_percent(value) -%}
    (cast(round({{ as_decimal("100 * " ~ value) }}, 1) as {{ dbt.type_string() }}) || '%')
{%- endmacro %}

{#- A share as a text without a decimal place that says nothing, such as "95%" or "97.5%". -#}
{% macro as_short_percent(value) -%} replace({{ as_percent(value) }}, '.0%', '%') {%- endmacro %}

{#- A number with one decimal place and its sign, such as "+1.2" or "−0.5". -#}
{% macro with_sign(value) -%}
    case when {{ value }} < 0 then '−' else '+' end
    || cast(round(abs({{ as_decimal(value) }}), 1) as {{ dbt.type_string() }})
{%- endmacro %}

{#- A numerator and a denominator with their share, such as "43 of 48 (89.6%)". -#}
{% macro as_parts(numerator, denominator) -%}
    {{ as_count(numerator) }}
    || ' of '
    || {{ as_count(denominator) }}
    || ' ('
    || {{ as_percent(share(numerator, denominator)) }}
    || ')'
{%- endmacro %}
