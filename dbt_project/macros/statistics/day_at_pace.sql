{#- The day on which `outstanding` would reach zero at `per_week` completions per week, counted from the
    as-at day (CTE `build`). Null if nothing is outstanding, if there is no progress, or if the day
    is 104 weeks (two years) or more away. A day so far away would not be a forecast. -#}
{% macro day_at_pace(outstanding, per_week) -%}
    case
        when
            {{ outstanding }} > 0
            and {{ per_week }} > 0
            and {{ outstanding }} < 104 * ({{ per_week }})
        then
            {{
                add_days(
                    "build.as_at_day",
                    "cast(ceil(7 * " ~ outstanding ~ " / (" ~ per_week ~ ")) as integer)",
                )
            }}
    end
{%- endmacro %}
