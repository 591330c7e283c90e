{#- These macros hold all expressions for days and times that depend on the SQL dialect. Models call the
    macros and do not write such an expression themselves. -#}
{#- The calendar day of a moment in Europe/London. -#}
{% macro london_day(moment) %}
    {{ return(adapter.dispatch("london_day", "oic_assurance")(moment)) }}
{% endmacro %}

{% macro postgres__london_day(moment) -%}
    cast(({{ moment }}) at time zone 'Europe/London' as date)
{%- endmacro %}

{% macro spark__london_day(moment) -%}
    cast({{ spark__london_time(moment) }} as date)
{%- endmacro %}

{#- The moment when a day begins in Europe/London. -#}
{% macro london_midnight(day) %}
    {{ return(adapter.dispatch("london_midnight", "oic_assurance")(day)) }}
{% endmacro %}

{% macro postgres__london_midnight(day) -%}
    (cast({{ day }} as timestamp) at time zone 'Europe/London')
{%- endmacro %}

{% macro spark__london_midnight(day) -%}
    to_utc_timestamp(cast({{ day }} as timestamp), 'Europe/London')
{%- endmacro %}

{#- Elapsed hours from the first moment to the second, as a double. Negative if the second is earlier. -#}
{% macro hours_between(first, second) %}
    {{ return(adapter.dispatch("hours_between", "oic_assurance")(first, second)) }}
{% endmacro %}

{% macro postgres__hours_between(first, second) -%}
    cast(extract(epoch from ({{ second }}) - ({{ first }})) as double precision) / 3600
{%- endmacro %}

{% macro spark__hours_between(first, second) -%}
    cast(unix_micros({{ second }}) - unix_micros({{ first }}) as double) / 1e6 / 3600
{%- endmacro %}

{#- A table expression with column `day`: one row per day from the first to the last, both included. -#}
{% macro day_spine(first, last) %}
    {{ return(adapter.dispatch("day_spine", "oic_assurance")(first, last)) }}
{% endmacro %}

{% macro postgres__day_spine(first, last) -%}
    lateral(
        select cast(series.moment as date) as day
        from
            generate_series(
                cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '1 day'
            ) as series(moment)
    )
{%- endmacro %}

{% macro spark__day_spine(first, last) -%}
    lateral(
        select
            explode(
                case
                    when {{ first }} <= {{ last }}
                    then
                        sequence(
                            cast({{ first }} as date), cast({{ last }} as date), interval 1 day
                        )
                end
            ) as day
    )
{%- endmacro %}

{#- A day moved by a number of days, as a date. -#}
{% macro add_days(day, days) -%} cast({{ dbt.dateadd("day", days, day) }} as date) {%- endmacro %}

{#- The first day of the month of a day, as a date. -#}
{% macro month_of(day) -%} cast({{ dbt.date_trunc("month", day) }} as date) {%- endmacro %}

{#- The last day of the month of a day, as a date. -#}
{% macro month_end(day) -%} cast({{ dbt.last_day(day, "month") }} as date) {%- endmacro %}

{#- The day of the week as an integer, from 1 for Monday to 7 for Sunday. -#}
{% macro iso_day_of_week(day) %}
    {{ return(adapter.dispatch("iso_day_of_week", "oic_assurance")(day)) }}
{% endmacro %}

{% macro postgres__iso_day_of_week(day) -%}
    cast(extract(isodow from {{ day }}) as integer)
{%- endmacro %}

{% macro spark__iso_day_of_week(day) -%}(weekday({{ day }}) + 1) {%- endmacro %}

{#- A day in words for people, such as 1 August 2026. -#}
{% macro day_in_words(day) %}
    {{ return(adapter.dispatch("day_in_words", "oic_assurance")(day)) }}
{% endmacro %}

{% macro postgres__day_in_words(day) -%} to_char({{ day }}, 'FMDD FMMonth YYYY') {%- endmacro %}

{% macro spark__day_in_words(day) -%} date_format({{ day }}, 'd MMMM yyyy') {%- endmacro %}

{#- The days that a figure is about, such as "1 Nov 2025 – 26 Nov 2026" or "on 26 Nov 2026". Everything that shows a
    figure with its days shows these words. -#}
{% macro days_in_words(first_day, last_day) -%}
    case
        when {{ first_day }} = {{ last_day }}
        then 'on '
        else {{ short_day_in_words(first_day) }} || ' – '
    end
    || {{ short_day_in_words(last_day) }}
{%- endmacro %}

{% macro short_day_in_words(day) %}
    {{ return(adapter.dispatch("short_day_in_words", "oic_assurance")(day)) }}
{% endmacro %}

{% macro postgres__short_day_in_words(day) -%} to_char({{ day }}, 'FMDD Mon YYYY') {%- endmacro %}

{% macro spark__short_day_in_words(day) -%} date_format({{ day }}, 'd MMM yyyy') {%- endmacro %}

{#- The month of a day in words, such as "July 2026". -#}
{% macro month_in_words(day) %}
    {{ return(adapter.dispatch("month_in_words", "oic_assurance")(day)) }}
{% endmacro %}

{% macro postgres__month_in_words(day) -%} to_char({{ day }}, 'FMMonth YYYY') {%- endmacro %}

{% macro spark__month_in_words(day) -%} date_format({{ day }}, 'MMMM yyyy') {%- endmacro %}

{#- A moment as the clock in Europe/London shows it. -#}
{% macro london_time(moment) %}
    {{ return(adapter.dispatch("london_time", "oic_assurance")(moment)) }}
{% endmacro %}

{% macro postgres__london_time(moment) -%}
    ({{ moment }}) at time zone 'Europe/London'
{%- endmacro %}

{% macro spark__london_time(moment) -%}
    convert_timezone('UTC', 'Europe/London', cast({{ moment }} as timestamp_ntz))
{%- endmacro %}

{#- A day moved by a number of months, as a date. -#}
{% macro add_months(day, months) -%}
    cast({{ dbt.dateadd("month", months, day) }} as date)
{%- endmacro %}

{#- The name of the month of a day, in English. -#}
{% macro month_name(day) %}
    {{ return(adapter.dispatch("month_name", "oic_assurance")(day)) }}
{% endmacro %}

{% macro postgres__month_name(day) -%} to_char({{ day }}, 'FMMonth') {%- endmacro %}

{% macro spark__month_name(day) -%} date_format({{ day }}, 'MMMM') {%- endmacro %}

{#- The year to which the ISO week of a day belongs, as an integer. -#}
{% macro iso_year(day) %}
    {{ return(adapter.dispatch("iso_year", "oic_assurance")(day)) }}
{% endmacro %}

{% macro postgres__iso_year(day) -%}
    cast(extract(isoyear from {{ day }}) as integer)
{%- endmacro %}

{% macro spark__iso_year(day) -%}
    cast(extract(yearofweek from {{ day }}) as integer)
{%- endmacro %}

{#- The financial year of a day, from April to March, such as 2026/27. -#}
{% macro financial_year(day) %}
    {{ return(adapter.dispatch("financial_year", "oic_assurance")(day)) }}
{% endmacro %}

{% macro postgres__financial_year(day) -%}
    to_char({{ add_months(day, -3) }}, 'YYYY') || '/' || to_char({{ add_months(day, 9) }}, 'YY')
{%- endmacro %}

{% macro spark__financial_year(day) -%}
    date_format({{ add_months(day, -3) }}, 'yyyy')
    || '/'
    || date_format({{ add_months(day, 9) }}, 'yy')
{%- endmacro %}
