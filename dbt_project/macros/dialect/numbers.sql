{#- A table expression with column `number`: one row per whole number from the first to the last. -#}
{% macro number_spine(first, last) %}
    {{ return(adapter.dispatch("number_spine", "oic_assurance")(first, last)) }}
{% endmacro %}

{% macro postgres__number_spine(first, last) -%}
    lateral(
        select cast(series.number as bigint) as number
        from
            generate_series(cast({{ first }} as bigint), cast({{ last }} as bigint)) as series(
                number
            )
    )
{%- endmacro %}

{% macro spark__number_spine(first, last) -%}
    lateral(
        select
            explode(
                case
                    when {{ first }} <= {{ last }}
                    then sequence(cast({{ first }} as bigint), cast({{ last }} as bigint))
                end
            ) as number
    )
{%- endmacro %}

{#- A whole number as a text with separators, such as "1,184". -#}
{% macro as_count(number) -%}
    {{ return(adapter.dispatch("as_count", "oic_assurance")(number)) }}
{%- endmacro %}

{% macro default__as_count(number) -%} to_char({{ number }}, 'FM999,999,999,990') {%- endmacro %}

{% macro spark__as_count(number) -%} format_number({{ number }}, 0) {%- endmacro %}
