{#- What dbt's adapter for Spark does in another way than this project needs. These macros replace its own. -#}
{#- The adapter's own type has 32 bits. -#}
{% macro spark__type_float() -%} double {%- endmacro %}

{#- The adapter's own macro drops the parts of a second, and fails where a value is null. -#}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- set seconds = {"day": 86400, "hour": 3600, "minute": 60, "second": 1} -%}
    {%- if datepart in seconds -%}
        (
            {{ from_date_or_timestamp }} + make_dt_interval(
                0, 0, 0, cast(({{ interval }}) * {{ seconds[datepart] }} as decimal(18, 6))
            )
        )
    {%- elif datepart == "month" -%}
        ({{ from_date_or_timestamp }} + make_ym_interval(0, cast({{ interval }} as int)))
    {%- else -%}
        {{ exceptions.raise_compiler_error("dateadd knows no " ~ datepart ~ " on Spark.") }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__datediff(first_date, second_date, datepart) -%}
    {%- if datepart != "day" -%}
        {{ exceptions.raise_compiler_error("datediff knows no " ~ datepart ~ " on Spark.") }}
    {%- endif -%}
    datediff({{ second_date }}, {{ first_date }})
{%- endmacro %}

{#- The adapter's own macro ignores the order, and gives an empty text where there is nothing to list.
    Here, the order is `order by` and names of columns. -#}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    {%- set listed = (
        "array_sort(collect_list(case when "
        ~ measure
        ~ " is not null then struct("
        ~ (order_by_clause | replace("order by ", ""))
        ~ ", "
        ~ measure
        ~ " as listed) end))"
    ) -%}
    {%- if limit_num -%}
        {%- set listed = "slice(" ~ listed ~ ", 1, " ~ limit_num ~ ")" -%}
    {%- endif -%}
    nullif(array_join(transform({{ listed }}, item -> item.listed), {{ delimiter_text }}), '')
{%- endmacro %}
