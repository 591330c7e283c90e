{#- The day on which so many would be reached at so many a week from the day of the run (`build`) on; null
    when none is lacking, without progress, and beyond ten years, which is no forecast. -#}
{% macro day_at_pace(outstanding, per_week) -%}
    case
        when
            {{ outstanding }} > 0
            and {{ per_week }} > 0
            and {{ outstanding }} < 520 * ({{ per_week }})
        then
            {{
                add_days(
                    "build.as_at_day",
                    "cast(ceil(7 * " ~ outstanding ~ " / (" ~ per_week ~ ")) as integer)",
                )
            }}
    end
{%- endmacro %}
