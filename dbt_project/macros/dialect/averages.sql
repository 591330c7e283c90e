{#- The average of doubles in a group. `by` is the column in whose order PostgreSQL meets them. -#}
{% macro average(measure, by) -%}
    {{ return(adapter.dispatch("average", "oic_assurance")(measure, by)) }}
{%- endmacro %}

{% macro default__average(measure, by) -%} avg({{ measure }}) {%- endmacro %}

{#- The last bits of a sum depend on the order in which it is added up. Spark adds up in any order. -#}
{% macro spark__average(measure, by) -%}
    aggregate(
        array_sort(
            collect_list(
                case
                    when {{ measure }} is not null
                    then struct({{ by }} as place, cast({{ measure }} as double) as measure)
                end
            )
        ),
        cast(0 as double),
        (total, one) -> total + one.measure
    )
    / nullif(count({{ measure }}), 0)
{%- endmacro %}

{#- The average of whole numbers in a group, as a decimal. -#}
{% macro average_of_counts(measure) -%}
    {{ return(adapter.dispatch("average_of_counts", "oic_assurance")(measure)) }}
{%- endmacro %}

{% macro default__average_of_counts(measure) -%} avg({{ measure }}) {%- endmacro %}

{#- Spark's average is a double, and its division has six places unless the divisor has many digits. -#}
{% macro spark__average_of_counts(measure) -%}
    round(
        cast(sum({{ measure }}) as decimal(15, 0)) / cast(count({{ measure }}) as decimal(22, 0)),
        16
    )
{%- endmacro %}

{#- A whole number of days in weeks, as a decimal. -#}
{% macro in_weeks(days) -%}
    {{ return(adapter.dispatch("in_weeks", "oic_assurance")(days)) }}
{%- endmacro %}

{% macro default__in_weeks(days) -%} {{ days }} / 7.0 {%- endmacro %}

{#- PostgreSQL gives 16 places, or 20 if the result is 1 or less. -#}
{% macro spark__in_weeks(days) -%}
    case
        when {{ days }} > 7
        then round(cast({{ days }} as decimal(10, 0)) / cast(7 as decimal(22, 0)), 16)
        else round(cast({{ days }} as decimal(10, 0)) / cast(7 as decimal(22, 0)), 20)
    end
{%- endmacro %}
