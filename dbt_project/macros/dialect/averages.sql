{#- The average of doubles in a group, added up in the order of the column `by`. -#}
{% macro average(measure, by) -%}
    {{ sum_in_order(measure, by) }} / nullif(count({{ measure }}), 0)
{%- endmacro %}

{#- The sum of doubles in a group, in the order of the column `by`. The last bits of a sum depend on the
    order in which it is added up, and without an order that depends on the plan. -#}
{% macro sum_in_order(measure, by) -%}
    {{ return(adapter.dispatch("sum_in_order", "oic_assurance")(measure, by)) }}
{%- endmacro %}

{% macro default__sum_in_order(measure, by) -%} sum({{ measure }} order by {{ by }}) {%- endmacro %}

{% macro spark__sum_in_order(measure, by) -%}
    case
        when count({{ measure }}) > 0
        then
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
    end
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
