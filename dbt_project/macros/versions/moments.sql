{#- The first and the last possible day, for intervals without a beginning or an end. -#}
{% macro beginning_of_time() -%} cast('1900-01-01' as date) {%- endmacro %}

{% macro end_of_time() -%} cast('9999-12-31' as date) {%- endmacro %}

{#- A string, or null if it is empty or contains only spaces. -#}
{% macro blank_to_null(text) -%}
    case when trim({{ text }}) <> '' then {{ text }} end
{%- endmacro %}

{#- A time, or null if it is later than the as-at moment and so has not come yet. -#}
{% macro if_happened(moment, as_at="as_at") -%}
    case when {{ moment }} <= {{ as_at }} then {{ moment }} end
{%- endmacro %}

{#- Whether a policy row applies on a day. Both ends are included, and a row with a blank end date
    still applies. For days before the first policy (2020-01-01), the first policy applies. -#}
{% macro in_force(policy, day) -%}
    greatest({{ day }}, cast('2020-01-01' as date)) >= {{ policy }}.effective_from
    and greatest({{ day }}, cast('2020-01-01' as date))
    <= coalesce({{ policy }}.effective_to, {{ end_of_time() }})
{%- endmacro %}
