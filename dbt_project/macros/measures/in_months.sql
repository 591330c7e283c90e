{#- A CTE `<spans>_in_months`: the rows of `spans`, once for each month in which they count, with the
    columns `period_start` and `rolled_up_on` (the day whose hierarchy of units applies). A record of
    a measure as at the end of a month counts in each month on whose day `as_on` its span lasts. Any
    other record counts in the month of its day.

    spans: the name of a CTE with rows as in `contribution`.
    months: the name of a CTE with the rows of int_measure_month and `is_snapshot` of the measure. -#}
{% macro in_months(spans, months) -%}
    {{ spans }}_in_months as (
        select {{ spans }}.*, month.period_start, {{ spans }}.counts_from as rolled_up_on
        from {{ spans }}
        inner join
            {{ months }} as month
            on {{ spans }}.force_code = month.force_code
            and {{ spans }}.measure_code = month.measure_code
            and {{ month_of(spans ~ ".counts_from") }} = month.period_start
        where not month.is_snapshot
        union all
        select {{ spans }}.*, month.period_start, month.as_on
        from {{ spans }}
        inner join
            {{ months }} as month
            on {{ spans }}.force_code = month.force_code
            and {{ spans }}.measure_code = month.measure_code
            and {{ spans }}.counts_from <= month.as_on
            and {{ spans }}.counts_to > month.as_on
        where month.is_snapshot
    )
{%- endmacro %}
