{#- The ends of time, for intervals that have no beginning or no end. -#}
{% macro beginning_of_time() -%} cast('1900-01-01' as date) {%- endmacro %}

{% macro end_of_time() -%} cast('9999-12-31' as date) {%- endmacro %}

{#- A text that is empty or only blanks says nothing. -#}
{% macro blank_to_null(text) -%}
    case when trim({{ text }}) <> '' then {{ text }} end
{%- endmacro %}

{#- What its own date places after the run's moment has not happened: as if blank. -#}
{% macro if_happened(moment, as_at="as_at") -%}
    case when {{ moment }} <= {{ as_at }} then {{ moment }} end
{%- endmacro %}

{#- Whether a policy row applies on a day. Both ends are included; an open end is a blank.
    Before the first policy was written, the first policy stands. -#}
{% macro in_force(policy, day) -%}
    greatest({{ day }}, cast('2020-01-01' as date)) >= {{ policy }}.effective_from
    and greatest({{ day }}, cast('2020-01-01' as date))
    <= coalesce({{ policy }}.effective_to, {{ end_of_time() }})
{%- endmacro %}
