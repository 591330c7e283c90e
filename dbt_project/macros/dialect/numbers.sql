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
